"""A small client of the HTTP API, as a script would write one; the demo and the end-to-end tests use it."""

import base64
import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Self, TypeVar

import httpx2

PART_BYTES = 8 * 1024 * 1024
FINISHED = ("Succeeded", "Failed", "Cancelled")
Progress = Callable[[int], object]
Answer = TypeVar("Answer")


class ApiError(Exception):
    """The API answered with a problem."""

    def __init__(self, response: httpx2.Response) -> None:
        super().__init__(
            f"{response.request.method} {response.request.url}: {response.status_code} {response.text}"
        )
        self.status = response.status_code
        self.body: dict[str, Any] = (
            response.json() if "json" in response.headers.get("content-type", "") else {}
        )


class ArchiveClient:
    """Talks to one gateway as one user.

    Parameters
    ----------
    url
        Address of the gateway, without a path.
    verify
        A file of certificates to trust, or whether to check certificates.
    retry_for_s
        For how long calls are repeated while the gateway cannot be reached or answers 503.
    """

    def __init__(self, url: str, token: str, *, verify: str | bool = True, retry_for_s: float = 30.0) -> None:
        self._api = f"{url}/api/v1/"
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        trust = ssl.create_default_context(cafile=verify) if isinstance(verify, str) else verify
        self._http = httpx2.Client(timeout=60, verify=trust, headers=self._headers)
        self._blobs = httpx2.Client(timeout=60, verify=trust)  # signed links carry their own right
        self._retry_for_s = retry_for_s

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()
        self._blobs.close()

    def call(self, method: str, path: str, **content: Any) -> Any:
        """Return the JSON of an answer; raise `ApiError` for problems."""
        response = self._send(self._http, method, path if "://" in path else self._api + path, **content)
        if not response.is_success:
            raise ApiError(response)
        return response.json() if response.content else None

    def create_archive(self, title: str, *, logo: Path | None = None, public: bool = False) -> dict[str, Any]:
        body: dict[str, Any] = {"title": title, "public": public}
        if logo is not None:
            body["logo"] = base64.b64encode(logo.read_bytes()).decode()
        created: dict[str, Any] = self.call("POST", "archives/", json=body)
        return created

    def upload(self, file: Path, progress: Progress = lambda sent: None) -> str:
        """Send a file in parts straight to the blob store and return the address of the upload."""
        upload = self.call("POST", "uploads/", json={"filename": file.name})
        path = f"uploads/{upload['pk']}/{upload['s3_upload_id']}"
        parts = [self._send_part(path, number, data, progress) for number, data in _parts(file)]
        self.call("PATCH", f"{path}/complete-multipart-upload/", json={"parts": parts})
        return str(upload["api_url"])

    def start_session(self, uploads: Sequence[str], *, archive: str) -> dict[str, Any]:
        body = {"uploads": list(uploads), "archive": archive}
        session: dict[str, Any] = self.call("POST", "cases/upload-sessions/", json=body)
        return session

    def wait_for_session(self, pk: str, *, timeout_s: float = 120) -> dict[str, Any]:
        """Poll until the session has ended, and return it."""
        return self._wait(
            lambda: self.call("GET", f"cases/upload-sessions/{pk}/"),
            lambda session: session["status"] in FINISHED,
            timeout_s,
        )

    def wait_for_items(self, archive: str, count: int, *, timeout_s: float = 60) -> list[dict[str, Any]]:
        """Poll until the archive shows at least so many items, and return all of them."""
        return self._wait(lambda: self.items(archive), lambda items: len(items) >= count, timeout_s)

    def items(self, archive: str) -> list[dict[str, Any]]:
        return list(self._pages(f"archives/items/?archive={archive}"))

    def image(self, url: str) -> dict[str, Any]:
        found: dict[str, Any] = self.call("GET", url)
        return found

    def wait_for_preview(self, url: str, *, timeout_s: float = 60) -> dict[str, Any]:
        """Poll until the image has a preview picture, and return the image."""
        return self._wait(lambda: self.image(url), lambda image: image["preview"] is not None, timeout_s)

    def wait_for_files(self, url: str, *, timeout_s: float = 60) -> dict[str, Any]:
        """Poll until there is something to download of the image, which slides have once they are converted."""
        return self._wait(lambda: self.image(url), lambda image: bool(image["files"]), timeout_s)

    def download(self, url: str, target: Path) -> Path:
        """Follow a file address to its signed link and save the bytes."""
        answer = self._send(self._http, "GET", url)
        if answer.status_code != httpx2.codes.FOUND:
            raise ApiError(answer)
        content = self._send(self._blobs, "GET", answer.headers["Location"])
        if not content.is_success:
            raise ApiError(content)
        target.write_bytes(content.content)
        return target

    def _send_part(self, path: str, number: int, data: bytes, progress: Progress) -> dict[str, Any]:
        signed = self.call("PATCH", f"{path}/generate-presigned-urls/", json={"part_numbers": [number]})
        answer = self._send(self._blobs, "PUT", signed["presigned_urls"][str(number)], content=data)
        if not answer.is_success:
            raise ApiError(answer)
        progress(len(data))
        return {"ETag": answer.headers["ETag"], "PartNumber": number}

    def _pages(self, path: str) -> Iterator[dict[str, Any]]:
        page = self.call("GET", path)
        yield from page["results"]
        while page["next"]:
            page = self.call("GET", page["next"])
            yield from page["results"]

    def _send(self, http: httpx2.Client, method: str, url: str, **content: Any) -> httpx2.Response:
        deadline = time.monotonic() + self._retry_for_s
        while True:
            try:
                response = http.request(method, url, **content)
                if response.status_code != httpx2.codes.SERVICE_UNAVAILABLE or time.monotonic() > deadline:
                    return response
            except httpx2.TransportError:
                if time.monotonic() > deadline:
                    raise
            time.sleep(0.2)

    def _wait(self, ask: Callable[[], Answer], done: Callable[[Answer], bool], timeout_s: float) -> Answer:
        deadline = time.monotonic() + timeout_s
        while not done(answer := ask()):
            if time.monotonic() > deadline:
                raise TimeoutError(f"still not there after {timeout_s} s: {answer}")
            time.sleep(0.2)
        return answer


def _parts(file: Path) -> Iterator[tuple[int, bytes]]:
    with file.open("rb") as source:
        number = 1
        while data := source.read(PART_BYTES):
            yield number, data
            number += 1
