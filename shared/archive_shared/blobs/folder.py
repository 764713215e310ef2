"""The blob store of one machine: a folder, with links that `archive_shared.blobs.links_wsgi` serves.

    <root>/<bucket>/objects/   one file per object, see `archive_shared.blobs.folder_names`
                    uploads/   one folder per upload under way, see `archive_shared.blobs.folder_uploads`
                    incoming/  files being written; what a crash leaves there goes with `sweep`

A file gets its name when its bytes are on disk, so nobody ever sees half an object, whatever is killed.
"""

import io
import os
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Literal
from urllib.parse import quote

from archive_shared.blobs.disk import (
    chunks,
    disk_errors,
    linked,
    make_folders,
    new_file,
    publish,
    remove_file,
)
from archive_shared.blobs.disposition import attachment
from archive_shared.blobs.folder_names import object_path, walk
from archive_shared.blobs.folder_uploads import FolderUploads
from archive_shared.blobs.held_files import HeldFiles
from archive_shared.blobs.links import LinkSigner
from archive_shared.blobs.port import BlobInfo, Data, Parts
from archive_shared.blobs.rules import (
    check_after,
    check_bucket,
    check_key,
    check_lifetime,
    check_part_number,
    check_parts,
    check_prefix,
    check_range,
    check_upload_id,
)
from archive_shared.blobs.streams import FileRange, save
from archive_shared.errors import NotFound
from archive_shared.identifiers import new_id


class FolderBlobStore:
    """A bucket in a folder; crash-safe, for any number of threads and processes of one machine.

    Parameters
    ----------
    root
        Folder of all buckets; made if missing. Must be a local file system that renames atomically.
    bucket
        Name of the folder in it, and of the bucket in links.
    public_url
        Address of the site whose `/blobs/` is served by `links_app`, as browsers and uploaders see it.
    """

    def __init__(self, root: Path, *, bucket: str, signer: LinkSigner, public_url: str) -> None:
        self._bucket = check_bucket(bucket)
        self._signer = signer
        self._links_url = f"{public_url.rstrip('/')}/blobs/{bucket}"
        self._objects = root / bucket / "objects"
        self._incoming = root / bucket / "incoming"
        self._held = HeldFiles(self._path)
        self._uploads = FolderUploads(root / bucket / "uploads", incoming=self._incoming)
        self.ensure_bucket()

    def ensure_bucket(self) -> None:
        with disk_errors():
            for folder in (self._objects, self._incoming, self._uploads.folder):
                make_folders(folder)

    def ping(self) -> None:
        with disk_errors(), new_file(self._incoming) as probe:
            Path(probe.name).unlink()

    def put(self, key: str, data: Data) -> BlobInfo:
        target = self._path(key)
        with disk_errors(), new_file(self._incoming) as file:
            file.writelines(chunks(data))
            publish(file, target)
            return _described(key, os.fstat(file.fileno()))

    def open(self, key: str, start: int = 0, end: int | None = None) -> BinaryIO:
        check_range(start, end)
        return io.BufferedReader(FileRange(self.open_file(key), start, end))

    def open_file(self, key: str) -> BinaryIO:
        """Open an object as a real file, which stays as it is while the object is replaced or deleted."""
        path = self._path(key)
        with disk_errors():
            try:
                return path.open("rb")
            except FileNotFoundError as error:
                raise self._missing(key) from error

    def read(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        if end is None:
            with self.open(key, start) as stream:
                return stream.read()
        check_range(start, end)
        with disk_errors():
            try:
                return self._held.read(key, start, end)
            except FileNotFoundError as error:
                raise self._missing(key) from error

    def stat(self, key: str) -> BlobInfo:
        with self.open_file(key) as file:
            return _described(key, os.fstat(file.fileno()))

    def list(self, prefix: str = "", after: str | None = None) -> Iterator[BlobInfo]:
        return self._listed(check_prefix(prefix), check_after(after))

    def delete(self, key: str) -> None:
        self._held.forget(key)
        with disk_errors():
            remove_file(self._path(key), root=self._objects)

    def copy(self, source_key: str, target_key: str) -> None:
        check_key(target_key)
        with self.open_file(source_key) as source:
            if source_key != target_key:
                self.put(target_key, source)

    def download_to(self, key: str, path: Path) -> None:
        with disk_errors():
            if linked(self._path(key), path):
                return
        with self.open_file(key) as source:
            save(source, path)

    def upload_from(self, key: str, path: Path) -> BlobInfo:
        with path.open("rb") as source:
            return self.put(key, source)

    def take(self, key: str, path: Path) -> BlobInfo:
        info = self._moved(key, path) or self.upload_from(key, path)
        path.unlink()
        return info

    def _moved(self, key: str, path: Path) -> BlobInfo | None:
        """Make the file itself the object, without a copy; None on another disk."""
        target, incoming = self._path(key), self._incoming / f"taken-{new_id()}"
        with disk_errors():
            if not linked(path, incoming):
                return None
            # The file may be as old as the upload it is, and sweeps go by when the store took an object.
            os.utime(incoming)
            with incoming.open("rb") as file:
                publish(file, target)
                return _described(key, os.fstat(file.fileno()))

    def begin_upload(self, key: str) -> str:
        with disk_errors():
            return self._uploads.begin(check_key(key))

    def sign_part(self, key: str, upload_id: str, part_number: int, *, lifetime_s: int) -> str:
        values = {"upload": check_upload_id(upload_id), "part": str(check_part_number(part_number))}
        return self._signed("PUT", key, values, lifetime_s)

    def put_part(self, key: str, upload_id: str, part_number: int, data: Data) -> str:
        check_part_number(part_number)
        with disk_errors():
            return self._uploads.put_part(check_key(key), upload_id, part_number, data)

    def parts(self, key: str, upload_id: str) -> Parts:
        with disk_errors():
            return self._uploads.parts(check_key(key), upload_id)

    def finish_upload(self, key: str, upload_id: str, parts: Sequence[tuple[int, str]]) -> None:
        target = self._path(key)
        wanted = check_parts(parts)
        try:
            with disk_errors(), new_file(self._incoming) as file:
                self._uploads.join(key, upload_id, wanted, file)
                publish(file, target)
        except NotFound:
            self.stat(key)  # there when it was finished before; NotFound again when it never was
        self.abort_upload(key, upload_id)

    def abort_upload(self, key: str, upload_id: str) -> None:
        with disk_errors(), suppress(NotFound):
            self._uploads.remove(check_key(key), upload_id)

    def sign_download(
        self,
        key: str,
        *,
        lifetime_s: int,
        filename: str | None = None,
        content_type: str = "application/octet-stream",
    ) -> str:
        values = {"type": content_type}
        if filename:
            values["disposition"] = attachment(filename)
        return self._signed("GET", key, values, lifetime_s)

    def sweep(self, older_than_s: float) -> int:
        """Remove what crashed writers left, and return how many; run it now and then, a day is old enough.

        A writer that works on its file keeps it young.
        """
        with disk_errors():
            leftovers = [path for path in self._incoming.iterdir() if _age_s(path) > older_than_s]
            for path in leftovers:
                if path.is_dir():
                    shutil.rmtree(path, ignore_errors=True)
                else:
                    path.unlink(missing_ok=True)
        return len(leftovers)

    def _missing(self, key: str) -> NotFound:
        return NotFound(f"no object {key!r} in {self._bucket}")

    def _path(self, key: str) -> Path:
        return object_path(self._objects, check_key(key))

    def _listed(self, prefix: str, after: str) -> Iterator[BlobInfo]:
        with disk_errors():
            for key, status in walk(self._objects, prefix, after):
                yield _described(key, status)

    def _signed(
        self, method: Literal["GET", "PUT"], key: str, values: Mapping[str, str], lifetime_s: int
    ) -> str:
        query = self._signer.sign(
            method, self._bucket, check_key(key), values, lifetime_s=check_lifetime(lifetime_s)
        )
        return f"{self._links_url}/{quote(key)}?{query}"


def _described(key: str, status: os.stat_result) -> BlobInfo:
    return BlobInfo(key, status.st_size, datetime.fromtimestamp(status.st_mtime, UTC))


def _age_s(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except FileNotFoundError:  # it got its name just now
        return 0.0
