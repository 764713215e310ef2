"""Uploads in parts, for the folder store: a folder per upload, a file per part, joined at the end.

The upload's folder is `<upload id>-<digest of its key>`, so an identifier is good for its own key only. A part
file is the part's bytes followed by the 32 hexadecimal digits of their MD5: one rename replaces both.
"""

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import md5, sha256
from pathlib import Path
from typing import IO

from archive_shared.blobs.disk import CHUNK_BYTES, chunks, new_file, place, remove_folder, sync_folder
from archive_shared.blobs.port import Data, Part, Parts
from archive_shared.blobs.rules import MIN_PART_BYTES, bare_etag, quoted_etag
from archive_shared.errors import Invalid, NotFound

ID_DIGITS = 32
ETAG_DIGITS = 32


class FolderUploads:
    """The uploads under way in one bucket. Keys and numbers come checked; OSErrors are the caller's."""

    def __init__(self, folder: Path, *, incoming: Path) -> None:
        self.folder = folder
        self._incoming = incoming

    def begin(self, key: str) -> str:
        upload_id = secrets.token_hex(ID_DIGITS // 2)
        self._folder_of(key, upload_id).mkdir()
        sync_folder(self.folder)
        return upload_id

    def put_part(self, key: str, upload_id: str, number: int, data: Data) -> str:
        with self._present(key, upload_id) as folder, new_file(self._incoming) as file:
            etag = _write_part(data, file)
            place(file, folder / f"{number:05}")
        return quoted_etag(etag)

    def parts(self, key: str, upload_id: str) -> Parts:
        with self._present(key, upload_id) as folder:
            return [_described(path) for path in sorted(folder.iterdir())]

    def join(self, key: str, upload_id: str, wanted: list[tuple[int, str]], target: IO[bytes]) -> None:
        """Write the named parts one after the other.

        Raises
        ------
        Invalid
            Field `parts`: one is missing, has another etag, or is too small and not the last.
        """
        _check_wanted(wanted, self.parts(key, upload_id))
        with self._present(key, upload_id) as folder:
            for number, etag in wanted:
                _append_part(folder / f"{number:05}", etag, target)

    def remove(self, key: str, upload_id: str) -> None:
        with self._present(key, upload_id) as folder:
            remove_folder(folder, trash=self._incoming)

    @contextmanager
    def _present(self, key: str, upload_id: str) -> Iterator[Path]:
        """Yield the folder of an upload; `NotFound` when there is none, or it goes while we are at it."""
        folder = self._folder_of(key, upload_id)
        try:
            folder.stat()
            yield folder
        except FileNotFoundError as error:
            raise NotFound(f"no upload {upload_id!r} is under way for this key") from error

    def _folder_of(self, key: str, upload_id: str) -> Path:
        if len(upload_id) != ID_DIGITS or not set(upload_id) <= set("0123456789abcdef"):
            raise NotFound(f"no upload {upload_id!r} is under way for this key")
        return self.folder / f"{upload_id}-{sha256(key.encode()).hexdigest()[:ID_DIGITS]}"


def _write_part(data: Data, file: IO[bytes]) -> str:
    digest = md5(usedforsecurity=False)
    for chunk in chunks(data):
        digest.update(chunk)
        file.write(chunk)
    file.write(digest.hexdigest().encode())
    return digest.hexdigest()


def _described(path: Path) -> Part:
    with path.open("rb") as file:
        size_bytes, etag = _size_and_etag(file)
    return Part(int(path.name), quoted_etag(etag), size_bytes)


def _size_and_etag(file: IO[bytes]) -> tuple[int, str]:
    size_bytes = file.seek(-ETAG_DIGITS, os.SEEK_END)
    return size_bytes, file.read().decode()


def _check_wanted(wanted: list[tuple[int, str]], stored: Parts) -> None:
    by_number = {part.number: part for part in stored}
    last_number, _ = wanted[-1]
    for number, etag in wanted:
        part = by_number.get(number)
        if part is None or bare_etag(part.etag) != etag:
            raise _not_stored(number)
        if number != last_number and part.size_bytes < MIN_PART_BYTES:
            raise Invalid(
                {"parts": [f"Part {number} is smaller than {MIN_PART_BYTES} bytes and not the last."]}
            )


def _append_part(path: Path, etag: str, target: IO[bytes]) -> None:
    with path.open("rb") as file:
        if _size_and_etag(file)[1] != etag:  # sent again since it was checked
            raise _not_stored(int(path.name))
        file.seek(0)
        shutil.copyfileobj(file, target, CHUNK_BYTES)
    target.seek(-ETAG_DIGITS, os.SEEK_CUR)
    target.truncate()


def _not_stored(number: int) -> Invalid:
    return Invalid({"parts": [f"Part {number} was not stored with this etag."]})
