"""The web application behind the links of the folder store; the gateway of a single machine serves it.

GET and HEAD read an object (ranges and conditions as in RFC 9110), PUT takes one part of an upload. What may be
done is decided by the signature of the address alone; there is no other way in.
"""

import os
from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import md5
from typing import BinaryIO, cast

from flask import Blueprint, Flask, Response, request
from werkzeug.exceptions import (
    BadRequest,
    LengthRequired,
    RequestedRangeNotSatisfiable,
    RequestEntityTooLarge,
)
from werkzeug.wsgi import FileWrapper, LimitedStream

from archive_shared.blobs.disk import CHUNK_BYTES
from archive_shared.blobs.folder import FolderBlobStore
from archive_shared.blobs.links import LinkSigner
from archive_shared.blobs.port import Readable
from archive_shared.blobs.rules import MAX_PART_BYTES
from archive_shared.errors import NotFound
from archive_shared.http.app import build_app
from archive_shared.http.ranges import answer_as_asked


def links_app(stores: Mapping[str, FolderBlobStore], signer: LinkSigner) -> Flask:
    """Return the application that serves `/blobs/<bucket>/<key>` from stores by bucket name."""
    links = Blueprint("links", __name__)

    @links.route("/blobs/<bucket>/<path:key>", methods=["GET", "PUT"], provide_automatic_options=False)
    def blob(bucket: str, key: str) -> Response:
        method = "GET" if request.method == "HEAD" else request.method
        values = signer.verify(method, bucket, key, request.args.items(multi=True))
        if bucket not in stores:
            raise NotFound(f"no bucket {bucket!r}")
        if method == "PUT":
            return _received(stores[bucket], key, values)
        return _sent(stores[bucket].open_file(key), values)

    app = build_app("links", blueprints=[links], ready={name: store.ping for name, store in stores.items()})
    app.url_map.merge_slashes = False  # an address means one key, or none
    return app


def _received(store: FolderBlobStore, key: str, values: Mapping[str, str]) -> Response:
    sent, expected = _body(), request.headers.get("Content-MD5")
    data = sent if expected is None else _Checked(sent, expected)
    etag = store.put_part(key, values["upload"], int(values["part"]), data)
    return Response(status=200, headers={"ETag": etag})


class _Checked:
    """A body that is refused at its end unless it has the digest its sender names (Content-MD5, RFC 1864), as with S3."""

    def __init__(self, body: Readable, expected: str) -> None:
        self._body, self._expected = body, expected.strip()
        self._digest = md5(usedforsecurity=False)

    def read(self, size: int = -1, /) -> bytes:
        """Return the next bytes; raise `BadRequest` where there are no more and they are not what was sent."""
        piece = self._body.read(size)
        self._digest.update(piece)
        if not piece and b64encode(self._digest.digest()).decode() != self._expected:
            raise BadRequest("The content does not have the digest that Content-MD5 names.")
        return piece


def _body() -> Readable:
    """Open the body of the request so that one cut short is refused (400) instead of taken for a short part."""
    stream = request.environ["wsgi.input"]
    if request.content_length is not None:
        if request.content_length > MAX_PART_BYTES:
            raise RequestEntityTooLarge
        return cast(Readable, LimitedStream(stream, request.content_length))  # it blocks: never None
    if request.headers.get("Transfer-Encoding", "").lower() != "chunked":
        raise LengthRequired
    # The server ends the stream behind the last chunk; one byte too many is refused with 413.
    return cast(Readable, LimitedStream(stream, MAX_PART_BYTES + 1, is_max=True))


def _sent(file: BinaryIO, values: Mapping[str, str]) -> Response:
    """Answer with an open file, or the range of it that was asked for, and close it in the end."""
    status = os.fstat(file.fileno())
    # Not the server's own file wrapper: it cannot seek, so a range near the end would read all before it.
    response = Response(FileWrapper(file, CHUNK_BYTES), content_type=values["type"], direct_passthrough=True)
    response.content_length = status.st_size
    response.last_modified = datetime.fromtimestamp(status.st_mtime, UTC)
    response.set_etag(f"{status.st_ino:x}-{status.st_mtime_ns:x}-{status.st_size:x}")
    if "disposition" in values:
        response.headers["Content-Disposition"] = values["disposition"]
    response.headers.update(
        {
            "Cache-Control": "private, no-cache",
            "Content-Security-Policy": "sandbox; default-src 'none'",  # uploads never run as our pages
            "X-Content-Type-Options": "nosniff",
        }
    )
    try:
        answer_as_asked(response, status.st_size)
    except RequestedRangeNotSatisfiable:
        file.close()
        raise
    return response
