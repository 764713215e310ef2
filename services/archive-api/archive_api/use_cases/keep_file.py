"""Keeps an uploaded file as the value of a socket: looks at it, and copies it to where nobody deletes it."""

import hashlib
from collections.abc import Iterator
from contextlib import closing

from archive_api.domain.file_kinds import SNIFFED_BYTES, content_error
from archive_api.domain.sockets import Socket
from archive_api.domain.value import StoredFile, Value
from archive_api.use_cases.check_json import value_errors
from archive_api.use_cases.hold import hold_keys
from archive_api.use_cases.library import Library
from archive_api.use_cases.uploaded import UploadedFile
from archive_shared.errors import Invalid
from archive_shared.json_text import NoJson, read_json

LARGEST_FILE_BYTES = 512 * 1024 * 1024
"""Copied while the client waits, so it must not take longer than clients wait."""

LARGEST_JSON_FILE_BYTES = 16 * 1024 * 1024
_CHUNK_BYTES = 1024 * 1024


def file_of(library: Library, token: str | None, socket: Socket, upload: str) -> Value:
    """Return an upload of the caller's as a value for a socket.

    The copy is named by the digest of its content: made twice, or in vain, it does no harm.

    Raises
    ------
    NotFound
        There is no such complete upload for the caller.
    Invalid
        It is too large, or not what the socket's kind promises.
    """
    uploaded = library.uploaded.file(token, upload)
    if uploaded.size_bytes > LARGEST_FILE_BYTES:
        raise Invalid({"": [f"The file may have {LARGEST_FILE_BYTES // 1024**2} MiB at the most."]})
    _check_content(library, socket, uploaded)
    digest = _sha256(library, uploaded.key)
    key = value_key(digest)
    hold_keys(library, [key])
    with closing(library.upload_blobs.open(uploaded.key)) as source:
        library.media_blobs.put(key, source)
    stored = StoredFile(key=key, name=uploaded.name, size_bytes=uploaded.size_bytes, sha256=digest)
    return Value(socket=socket.slug, file=stored)


def value_key(sha256: str) -> str:
    """Return the key of a file with this content in the bucket `media`."""
    return f"values/{sha256[:2]}/{sha256}"


def _check_content(library: Library, socket: Socket, uploaded: UploadedFile) -> None:
    if socket.traits.group == "json":
        _check_json(library, socket, uploaded)
        return
    reason = content_error(socket.kind, library.upload_blobs.read(uploaded.key, 0, SNIFFED_BYTES))
    if reason:
        raise Invalid({"": [reason]})


def _check_json(library: Library, socket: Socket, uploaded: UploadedFile) -> None:
    if uploaded.size_bytes > LARGEST_JSON_FILE_BYTES:
        raise Invalid({"": [f"JSON may have {LARGEST_JSON_FILE_BYTES // 1024**2} MiB at the most."]})
    try:
        value = read_json(library.upload_blobs.read(uploaded.key))
    except NoJson as error:
        raise Invalid({"": ["The file could not be decoded as JSON."]}) from error
    errors = value_errors(socket, value)
    if errors:
        raise Invalid({"": errors})


def _sha256(library: Library, key: str) -> str:
    digest = hashlib.sha256()
    for chunk in _chunks(library, key):
        digest.update(chunk)
    return digest.hexdigest()


def _chunks(library: Library, key: str) -> Iterator[bytes]:
    with closing(library.upload_blobs.open(key)) as source:
        while chunk := source.read(_CHUNK_BYTES):
            yield chunk
