"""The blob store for several machines: a bucket on any S3 server. The only module that imports minio-py.

Stays within what AWS, Ceph, SeaweedFS, Garage and MinIO have in common: objects, ranges, ListObjectsV2, copies,
multipart uploads with parts of at least 5 MiB, presigned addresses; bucket names in the path.
"""

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import BinaryIO, cast
from urllib.parse import urlsplit

from minio import Minio
from minio.commonconfig import CopySource
from minio.error import InvalidResponseError, S3Error, ServerError

from archive_shared.blobs.disposition import attachment
from archive_shared.blobs.port import BlobInfo, Data, Parts, Readable
from archive_shared.blobs.rules import (
    MAX_PART_NUMBER,
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
from archive_shared.blobs.s3_errors import error_of, network_errors
from archive_shared.blobs.s3_http import CONNECT_TIMEOUT_S, RANGE_TIMEOUT_S, Body, Counted, connections
from archive_shared.blobs.s3_multipart import S3Multipart
from archive_shared.blobs.s3_ranges import S3Ranges
from archive_shared.blobs.streams import save
from archive_shared.errors import NotFound, Unavailable

PART_BYTES = 16 << 20  # larger objects are sent in parts, one in memory at a time
CONTROL_LIFETIME_S = 300  # of addresses we use at once ourselves; leaves room for clocks that differ
ALREADY_THERE = {"BucketAlreadyOwnedByYou", "BucketAlreadyExists"}


class S3BlobStore:
    """A bucket on an S3 server. Thread-safe; make one per process, after forking.

    Parameters
    ----------
    endpoint
        host:port under which we reach the server; `secure` says whether with TLS.
    public_endpoint
        Address (https://host:port) under which clients outside reach it, for links: the host is part
        of what is signed. None means they use ours.

    Notes
    -----
    GET, HEAD, PUT and DELETE are repeated a few times when the server does not answer or says 5xx; POST is not.
    """

    def __init__(
        self,
        endpoint: str,
        bucket: str,
        *,
        access_key: str,
        secret_key: str,
        region: str,
        secure: bool,
        public_endpoint: str | None = None,
    ) -> None:
        def client(host: str, tls: bool) -> Minio:
            # With the region given, signing never asks the server where the bucket is.
            return Minio(host, access_key, secret_key, secure=tls, region=region, http_client=http)

        http = connections()
        public = urlsplit(public_endpoint or f"{'https' if secure else 'http'}://{endpoint}")
        self._bucket = check_bucket(bucket)
        self._s3 = client(endpoint, secure)
        self._public_s3 = client(public.netloc, public.scheme == "https")
        self._uploads = S3Multipart(self._control_address, http)
        self._ranges = S3Ranges(
            f"{'https' if secure else 'http'}://{endpoint}",
            lambda key: self._control_address("GET", key, {}),
            connect_timeout_s=CONNECT_TIMEOUT_S,
            read_timeout_s=RANGE_TIMEOUT_S,
        )

    def ensure_bucket(self) -> None:
        with _errors("the bucket"):
            if self._s3.bucket_exists(self._bucket):
                return
            try:
                self._s3.make_bucket(self._bucket)
            except S3Error as error:
                if error.code not in ALREADY_THERE:  # another process was faster
                    raise

    def ping(self) -> None:
        with _errors("the bucket"):
            if not self._s3.bucket_exists(self._bucket):
                raise Unavailable(f"the object store has no bucket {self._bucket!r}")

    def put(self, key: str, data: Data) -> BlobInfo:
        if isinstance(data, bytes):
            return self._put(key, io.BytesIO(data), len(data))
        return self._put(key, data, None)

    def open(self, key: str, start: int = 0, end: int | None = None) -> BinaryIO:
        check_range(start, end)
        if start == end:  # S3 has no way to ask for nothing
            self.stat(key)
            return io.BytesIO()
        length = 0 if end is None else end - start
        try:
            with _errors("get"):
                answer = self._s3.get_object(self._bucket, check_key(key), offset=start, length=length)
        except _RangeBehindEnd:
            return io.BytesIO()
        return io.BufferedReader(Body(answer))

    def read(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        if end is not None and 0 <= start < end:
            body = self._ranges.read(key, start, end)
            if body is not None:
                return body
        with self.open(key, start, end) as stream:
            return stream.read()

    def stat(self, key: str) -> BlobInfo:
        with _errors("stat"):
            found = self._s3.stat_object(self._bucket, check_key(key))
        return _info(key, found.size, found.last_modified)

    def list(self, prefix: str = "", after: str | None = None) -> Iterator[BlobInfo]:
        return self._listed(check_prefix(prefix), check_after(after))

    def delete(self, key: str) -> None:
        with _errors("delete"):
            self._s3.remove_object(self._bucket, check_key(key))

    def copy(self, source_key: str, target_key: str) -> None:
        if source_key == target_key:  # S3 refuses to copy onto itself
            self.stat(source_key)
            return
        source = CopySource(self._bucket, check_key(source_key))
        with _errors("copy"):
            self._s3.copy_object(self._bucket, check_key(target_key), source)

    def download_to(self, key: str, path: Path) -> None:
        with self.open(key) as source:
            save(source, path)

    def upload_from(self, key: str, path: Path) -> BlobInfo:
        with path.open("rb") as source:
            return self._put(key, source, path.stat().st_size)

    def take(self, key: str, path: Path) -> BlobInfo:
        info = self.upload_from(key, path)
        path.unlink()
        return info

    def begin_upload(self, key: str) -> str:
        return self._uploads.begin(check_key(key))

    def sign_part(self, key: str, upload_id: str, part_number: int, *, lifetime_s: int) -> str:
        query = {"uploadId": check_upload_id(upload_id), "partNumber": str(check_part_number(part_number))}
        return self._address(self._public_s3, "PUT", key, query, lifetime_s)

    def put_part(self, key: str, upload_id: str, part_number: int, data: Data) -> str:
        return self._uploads.put_part(check_key(key), upload_id, check_part_number(part_number), data)

    def parts(self, key: str, upload_id: str) -> Parts:
        return self._uploads.parts(check_key(key), upload_id)

    def finish_upload(self, key: str, upload_id: str, parts: Sequence[tuple[int, str]]) -> None:
        try:
            self._uploads.finish(check_key(key), upload_id, check_parts(parts))
        except NotFound:
            self.stat(key)  # there when it was finished before; NotFound again when it never was

    def abort_upload(self, key: str, upload_id: str) -> None:
        with suppress(NotFound):
            self._uploads.abort(check_key(key), upload_id)

    def sign_download(
        self,
        key: str,
        *,
        lifetime_s: int,
        filename: str | None = None,
        content_type: str = "application/octet-stream",
    ) -> str:
        query = {"response-content-type": content_type}
        if filename:
            query["response-content-disposition"] = attachment(filename)
        return self._address(self._public_s3, "GET", key, query, lifetime_s)

    def _put(self, key: str, source: Readable, size_bytes: int | None) -> BlobInfo:
        counted = Counted(source)
        with _errors("put"):
            stored = self._s3.put_object(
                self._bucket,
                check_key(key),
                cast(BinaryIO, counted),  # minio-py only ever reads from it
                -1 if size_bytes is None else size_bytes,
                part_size=max(PART_BYTES, -(-(size_bytes or 0) // MAX_PART_NUMBER)),
                num_parallel_uploads=1,
            )
        return _info(key, counted.size_bytes, parsedate_to_datetime(stored.http_headers["Date"]))

    def _listed(self, prefix: str, after: str) -> Iterator[BlobInfo]:
        if after.encode() > prefix.encode() and not after.startswith(prefix):
            return  # everything with this prefix comes before; MinIO would list it all
        with _errors("list"):
            found = self._s3.list_objects(self._bucket, prefix, recursive=True, start_after=after or None)
            for each in found:
                yield _info(each.object_name, each.size, each.last_modified)

    def _control_address(self, method: str, key: str, query: Mapping[str, str]) -> str:
        return self._address(self._s3, method, key, query, CONTROL_LIFETIME_S)

    def _address(
        self, client: Minio, method: str, key: str, query: Mapping[str, str], lifetime_s: int
    ) -> str:
        lifetime = timedelta(seconds=check_lifetime(lifetime_s))
        return client.get_presigned_url(
            method, self._bucket, check_key(key), expires=lifetime, extra_query_params=dict(query)
        )


class _RangeBehindEnd(Exception):
    """The range asked for begins behind the last byte (HTTP 416)."""


@contextmanager
def _errors(what: str) -> Iterator[None]:
    """Translate everything minio-py raises."""
    with network_errors(what):
        try:
            yield
        except S3Error as error:
            if error.code == "InvalidRange":
                raise _RangeBehindEnd from error
            raise error_of(error.code, what) from error
        except (ServerError, InvalidResponseError) as error:
            raise Unavailable(f"the object store fails: {what}") from error


def _info(key: str | None, size_bytes: int | None, modified_at: datetime | None) -> BlobInfo:
    assert key is not None, "minio-py leaves these open for folders, which we do not list"
    assert size_bytes is not None
    assert modified_at is not None
    return BlobInfo(key, size_bytes, modified_at.astimezone(UTC))
