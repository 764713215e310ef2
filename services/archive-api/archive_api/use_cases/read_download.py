"""Writes any range of the zip a download is planned as, straight from the blob store, in memory for one chunk.

Before each thousand files it is asked again whether the caller may still see the archive, and whether the items there still
hold these files; if not, the zip ends there, and cannot be resumed.
"""

import json
import zlib
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, suppress

from archive_api.domain.download import Checksum, Download, PlannedFile, piece_key
from archive_api.domain.item import Item
from archive_api.domain.zip_layout import central_record, descriptor, end_records, local_header
from archive_api.use_cases.library import Library
from archive_api.use_cases.read_contents import require_contents
from archive_shared.blobs.port import BlobStore
from archive_shared.documents import one_of
from archive_shared.errors import Conflict, Duplicate, NotFound, Unavailable

_CHUNK_BYTES = 256 * 1024


def find_download(library: Library, token: str | None, archive: str, identifier: str) -> Download:
    """Return a plan to who may use its archive; raise `Unauthenticated` or `NotFound`."""
    require_contents(library, token, archive)
    found = library.downloads.get(identifier)
    if found is None or found.archive != archive or found.expires_at < library.clock.now():
        raise NotFound(f"download {identifier} does not exist")
    return found


def read_download(
    library: Library, token: str | None, download: Download, start: int, end: int
) -> Generator[bytes]:
    """Yield the bytes of the zip from `start` up to, not including, `end`.

    Raises
    ------
    NotFound
        The caller may not use the archive any more.
    Conflict
        A file has left the archive since.
    """
    for number, (begins_at, ends_at) in enumerate(_spans(download)):
        if begins_at < end and ends_at > start:
            files = _piece(library, download, number)
            _require_present(library, token, download, files)
            yield from _local(library, download, files, start - begins_at, end - begins_at)
    if end > download.local_bytes:
        yield from _directory(library, download, start - download.local_bytes, end - download.local_bytes)


def _spans(download: Download) -> list[tuple[int, int]]:
    begins = [piece.local_at for piece in download.pieces]
    return list(zip(begins, [*begins[1:], download.local_bytes], strict=True))


def _piece(library: Library, download: Download, number: int) -> list[PlannedFile]:
    found = json.loads(library.media_blobs.read(piece_key(download.id, number)))
    return [PlannedFile(**each) for each in found]


def _require_present(
    library: Library, token: str | None, download: Download, files: Sequence[PlannedFile]
) -> None:
    require_contents(library, token, download.archive)
    wanted = sorted({file.item for file in files if file.item})
    found = {item.id: item for item in library.items.find({"_id": one_of(wanted)})} if wanted else {}
    for file in files:
        if file.item and not _holds(found.get(file.item), download.archive, file):
            raise Conflict("The archive has changed too much since this download began; begin it anew.")


def _holds(item: Item | None, archive: str, file: PlannedFile) -> bool:
    if item is None or item.deleted or item.archive != archive:
        return False
    if file.image:
        return file.image in item.images
    return any(value.file is not None and value.file.key == file.key for value in item.values)


def _local(
    library: Library, download: Download, files: Sequence[PlannedFile], start: int, end: int
) -> Iterator[bytes]:
    """Yield a range of the files of a piece with what stands around them."""
    for file in files:
        length = file.entry.local_bytes
        if start < length and end > 0:
            yield from _file(library, download, file, max(start, 0), min(end, length))
        start, end = start - length, end - length


def _file(library: Library, download: Download, file: PlannedFile, start: int, end: int) -> Iterator[bytes]:
    header = local_header(file.entry, download.created_at)
    yield header[start:end]
    start, end = start - len(header), end - len(header)
    if start < file.size_bytes and end > 0:
        yield from _data(library, file, max(start, 0), min(end, file.size_bytes))
    if end > file.size_bytes:
        ending = descriptor(file.entry, _checksums(library, [file])[file.sha256])
        yield ending[max(start - file.size_bytes, 0) : end - file.size_bytes]


def _data(library: Library, file: PlannedFile, start: int, end: int) -> Iterator[bytes]:
    """Yield bytes of a file; one that is read from end to end leaves its checksum behind."""
    crc32, read = 0, 0
    with closing(_store_of(library, file).open(file.key, start, end)) as source:
        while chunk := source.read(_CHUNK_BYTES):
            crc32, read = zlib.crc32(chunk, crc32), read + len(chunk)
            yield chunk
    if read != end - start:
        raise Unavailable(f"blob {file.key} is shorter than it was said to be")
    if read == file.size_bytes:
        _remember(library, file.sha256, crc32)


def _directory(library: Library, download: Download, start: int, end: int) -> Iterator[bytes]:
    """Yield a range of what stands behind all files."""
    begins = [piece.central_at for piece in download.pieces]
    spans = zip(begins, [*begins[1:], download.central_bytes], strict=True)
    for number, (begins_at, ends_at) in enumerate(spans):
        if begins_at < end and ends_at > start:
            lines = _directory_lines(library, download, number)
            yield lines[max(start - begins_at, 0) : end - begins_at]
    ending = end_records(
        download.files, central_at=download.local_bytes, central_bytes=download.central_bytes
    )
    if end > download.central_bytes:
        yield ending[max(start - download.central_bytes, 0) : end - download.central_bytes]


def _directory_lines(library: Library, download: Download, number: int) -> bytes:
    files, at = _piece(library, download, number), download.pieces[number].local_at
    checksums, lines = _checksums(library, files), []
    for file in files:
        lines.append(central_record(file.entry, checksums[file.sha256], at, download.created_at))
        at += file.entry.local_bytes
    return b"".join(lines)


def _checksums(library: Library, files: Sequence[PlannedFile]) -> dict[str, int]:
    """Return the checksums of files by their digests; a file nobody downloaded yet is read for it."""
    wanted = {file.sha256: file for file in files}
    known = {each.id: each.crc32 for each in library.checksums.find({"_id": one_of(sorted(wanted))})}
    for digest in wanted.keys() - known.keys():
        known[digest] = _read_checksum(library, wanted[digest])
    return known


def _read_checksum(library: Library, file: PlannedFile) -> int:
    crc32 = 0
    with closing(_store_of(library, file).open(file.key)) as source:
        while chunk := source.read(_CHUNK_BYTES):
            crc32 = zlib.crc32(chunk, crc32)
    _remember(library, file.sha256, crc32)
    return crc32


def _remember(library: Library, digest: str, crc32: int) -> None:
    with suppress(Duplicate):
        library.checksums.add(Checksum(id=digest, crc32=crc32))


def _store_of(library: Library, file: PlannedFile) -> BlobStore:
    return library.image_blobs if file.bucket == "images" else library.media_blobs
