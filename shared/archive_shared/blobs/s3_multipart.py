"""Uploads in parts on S3: the calls that minio-py keeps private, as presigned requests sent from here.

None of them is repeated here: beginning twice would leave an upload behind, and the others are safe to repeat for
the caller, who knows whether it is worth it. Source: "Amazon S3 API Reference", operations on multipart uploads.
"""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from typing import IO
from xml.etree import ElementTree as Xml

from urllib3 import BaseHTTPResponse, PoolManager, Timeout

from archive_shared.blobs.disk import chunks, disk_errors
from archive_shared.blobs.port import Data, Part, Parts
from archive_shared.blobs.rules import check_upload_id, quoted_etag
from archive_shared.blobs.s3_errors import error_of, network_errors
from archive_shared.blobs.s3_http import CONNECT_TIMEOUT_S, READ_TIMEOUT_S
from archive_shared.errors import Unavailable

PARTS_PER_PAGE = 1000  # as many as S3 gives at once
FINISHING_TIMEOUT_S = 300.0  # the server looks at all parts before it answers
MEMORY_BYTES = 8 << 20

Sign = Callable[[str, str, Mapping[str, str]], str]
"""Returns the presigned address for a method, a key and a query."""


class S3Multipart:
    """The uploads under way in one bucket. Keys, numbers and lists of parts come checked."""

    def __init__(self, sign: Sign, http: PoolManager) -> None:
        self._sign = sign
        self._http = http

    def begin(self, key: str) -> str:
        answer = self._send("POST", key, {"uploads": ""})
        return _text(_document(answer), "UploadId")

    def put_part(self, key: str, upload_id: str, number: int, data: Data) -> str:
        with tempfile.SpooledTemporaryFile(MEMORY_BYTES) as body:
            with disk_errors():
                body.writelines(chunks(data))
                size_bytes = body.tell()
                body.seek(0)
            query = {"uploadId": check_upload_id(upload_id), "partNumber": str(number)}
            # S3 does not take chunked bodies: it wants the length first.
            answer = self._send("PUT", key, query, body=body, headers={"Content-Length": str(size_bytes)})
        return quoted_etag(answer.headers["ETag"])

    def parts(self, key: str, upload_id: str) -> Parts:
        query = {"uploadId": check_upload_id(upload_id), "max-parts": str(PARTS_PER_PAGE)}
        parts: Parts = []
        while True:
            page = _document(self._send("GET", key, query))
            parts += [_part(element) for element in page.iterfind("{*}Part")]
            if _text(page, "IsTruncated") != "true":
                return parts
            query["part-number-marker"] = _text(page, "NextPartNumberMarker")

    def finish(self, key: str, upload_id: str, parts: Sequence[tuple[int, str]]) -> None:
        self._send(
            "POST",
            key,
            {"uploadId": check_upload_id(upload_id)},
            body=_list_of(parts),
            headers={"Content-Type": "application/xml"},
            timeout_s=FINISHING_TIMEOUT_S,
        )

    def abort(self, key: str, upload_id: str) -> None:
        self._send("DELETE", key, {"uploadId": check_upload_id(upload_id)})

    def _send(
        self,
        method: str,
        key: str,
        query: Mapping[str, str],
        *,
        body: bytes | IO[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
        timeout_s: float = READ_TIMEOUT_S,
    ) -> BaseHTTPResponse:
        with network_errors(method):
            answer = self._http.request(
                method,
                self._sign(method, key, query),
                body=body,
                # MinIO hangs up after some refusals; a kept connection would fail the next call.
                headers={"Connection": "close", **(headers or {})},
                timeout=Timeout(connect=CONNECT_TIMEOUT_S, read=timeout_s),
                retries=False,  # also keeps the address, which is a credential, out of urllib3's warnings
            )
            _raise_refusal(answer, f"{method} of an upload")
        return answer


def _raise_refusal(answer: BaseHTTPResponse, what: str) -> None:
    """Raise what the answer refuses; finishing may begin with 200 and tell of its failure in the body."""
    if not answer.data:
        if answer.status < 300:
            return
        raise error_of(str(answer.status), what)
    document = _document(answer)
    if answer.status >= 300 or document.tag == "Error":
        raise error_of(document.findtext("{*}Code"), what)


def _document(answer: BaseHTTPResponse) -> Xml.Element:
    # Expat resolves no external entities and (since 2.4) bounds their expansion; minio-py parses like this too.
    return Xml.fromstring(answer.data)  # noqa: S314 (the answer of the server our settings name)


def _text(element: Xml.Element, name: str) -> str:
    """Return the text of a child, in whichever namespace the server puts its answers."""
    text = element.findtext(f"{{*}}{name}")
    if text is None:
        raise Unavailable(f"the object store answers without {name}")
    return text


def _part(element: Xml.Element) -> Part:
    number, etag, size = (_text(element, name) for name in ("PartNumber", "ETag", "Size"))
    return Part(int(number), quoted_etag(etag), int(size))


def _list_of(parts: Sequence[tuple[int, str]]) -> bytes:
    document = Xml.Element("CompleteMultipartUpload")
    for number, etag in parts:
        part = Xml.SubElement(document, "Part")
        Xml.SubElement(part, "PartNumber").text = str(number)
        Xml.SubElement(part, "ETag").text = quoted_etag(etag)
    return Xml.tostring(document)
