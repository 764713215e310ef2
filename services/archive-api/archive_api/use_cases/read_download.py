"""Writes any range of the zip a download is planned as, straight from the blob store, in memory for one chunk.

Before each thousand files it is asked again whether the caller may still see the archive, and whether the items there still
hold these files; if not, the zip ends there, and cannot be resumed.
"""

import json
import zlib
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, suppress

from archive_api.domain.download import Checksum, Download, Part, PlannedFile
from archive_api.domain.item import Item
from archive_api.domain.zip_layout import central_record, descriptor, end_records, local_header
from archive_api.use_cases.library import Library
from archive_api.use_cases.read_contents import require_contents
from archive_shared.blobs.port import BlobStore
from archive_shared.documents import one_of
from archive_shared.errors import Conflict, Duplicate, NotFound, Unavailable

_CHUNK_BYTES = 256 * 1024


def find_download(library: Library, token: str | None, archive: str, identifier: str) -> Download:
    """Return a plan to who may use its archive, whole or not; raise `Unauthenticated` or `NotFound`."""
    require_contents(library, token, archive)
    found = library.downloads.get(identifier)
    if found is None or found.archive != archive or found.expires_at < library.clock.now():
        raise NotFound(f"download {identifier} does not exist")
    return found


def require_planned(download: Download) -> None:
    """Refuse a plan that is not whole yet: raise `Conflict`."""
    if not download.is_planned:
        raise Conflict(f"It is still being planned: {download.items} items are. Try again later.")


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
    found = json.loads(library.media_blobs.read(download.pieces[number].key))
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
        yield from _data(library, download, file, max(start, 0), min(end, file.size_bytes))
    if end > file.size_bytes:
        [crc32] = _checksums(library, [file])
        ending = descriptor(file.entry, crc32)
        yield ending[max(start - file.size_bytes, 0) : end - file.size_bytes]


def _data(library: Library, download: Download, file: PlannedFile, start: int, end: int) -> Iterator[bytes]:
    """Yield bytes of a file; one that is read from end to end leaves its checksum behind."""
    if file.bucket == "plan":
        yield from _parts(library, download.described(file.key).parts, start, end)
        return
    crc32 = 0
    for chunk in _chunks(_store_of(library, file), file.key, start, end):
        crc32 = zlib.crc32(chunk, crc32)
        yield chunk
    if end - start == file.size_bytes:
        _remember(library, file.sha256, crc32)


def _parts(library: Library, parts: Sequence[Part], start: int, end: int) -> Iterator[bytes]:
    """Yield bytes of what is stored in parts."""
    for part in parts:
        if start < part.size_bytes and end > 0:
            yield from _chunks(library.media_blobs, part.key, max(start, 0), min(end, part.size_bytes))
        start, end = start - part.size_bytes, end - part.size_bytes


def _chunks(store: BlobStore, key: str, start: int, end: int) -> Iterator[bytes]:
    """Yield bytes of a blob; raise `Unavailable` behind them if it has too few."""
    read = 0
    with closing(store.open(key, start, end)) as source:
        while chunk := source.read(_CHUNK_BYTES):
            read += len(chunk)
            yield chunk
    if read != end - start:
        raise Unavailable(f"blob {key} is shorter than it was said to be")


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
    lines = []
    for file, crc32 in zip(files, _checksums(library, files), strict=True):
        lines.append(central_record(file.entry, crc32, at, download.created_at))
        at += file.entry.local_bytes
    return b"".join(lines)


def _checksums(library: Library, files: Sequence[PlannedFile]) -> list[int]:
    """Return the checksum of each file; a file nobody downloaded yet is read for it."""
    wanted = {file.sha256: file for file in files if file.crc32 is None}
    found = library.checksums.find({"_id": one_of(sorted(wanted))}) if wanted else []
    known = {each.id: each.crc32 for each in found}
    for digest in wanted.keys() - known.keys():
        known[digest] = _read_checksum(library, wanted[digest])
    return [known[file.sha256] if file.crc32 is None else file.crc32 for file in files]


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
