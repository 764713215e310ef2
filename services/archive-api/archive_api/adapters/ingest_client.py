"""Asks the ingest worker about uploads and sessions, with the caller's own token and so with their own eyes."""

from collections.abc import Mapping, Sequence
from typing import Any

from archive_api.use_cases.uploaded import ImportSession, UploadedFile
from archive_shared.errors import NotFound
from archive_shared.http.client import ServiceClient

_BUCKET = "uploads/"
_FINISHED = ("Succeeded", "Failed", "Cancelled")


class IngestClient:
    """The `Uploaded` of the use cases, over HTTP."""

    def __init__(self, ingest: ServiceClient) -> None:
        self._ingest = ingest

    def file(self, token: str | None, upload: str) -> UploadedFile:
        found = self._ingest.get(f"/api/v1/uploads/{upload}/", token=token)
        if found["status"] != "Completed":
            raise NotFound(f"upload {upload} is not complete")
        return UploadedFile(found["filename"], found["key"].removeprefix(_BUCKET), found["size_bytes"])

    def session(self, token: str | None, session: str) -> ImportSession:
        return _session(self._ingest.get(f"/api/v1/cases/upload-sessions/{session}/", token=token))

    def start_import(
        self, token: str | None, uploads: Sequence[str], *, item: str, socket: str
    ) -> ImportSession:
        wanted = {"uploads": list(uploads), "archive_item": item, "interface": socket}
        return _session(self._ingest.post("/api/v1/cases/upload-sessions/", wanted, token=token))


def _session(found: Mapping[str, Any]) -> ImportSession:
    images = [each["pk"] for each in found["report"]["images"]]
    return ImportSession(found["pk"], found["status"] in _FINISHED, images, found["deidentify"])
