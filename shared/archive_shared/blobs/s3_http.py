"""HTTP with an S3 server: connections that are kept, what is repeated, and bodies as streams."""

import io
from typing import TYPE_CHECKING

from urllib3 import BaseHTTPResponse, PoolManager, Retry, Timeout

from archive_shared.blobs.port import Readable
from archive_shared.blobs.s3_errors import network_errors

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer  # exists for type checkers only

CONNECTIONS = 32
CONNECT_TIMEOUT_S = 3.0
READ_TIMEOUT_S = 60.0
RANGE_TIMEOUT_S = 15.0  # people wait for it, and each holds a thread that others wait for


def connections() -> PoolManager:
    """Return connections for one process; what is safe to repeat is repeated when the server does not answer or says 5xx.

    The pauses are two seconds at most together: a server that asks for more (MinIO for a minute, while it starts or is
    busy) is unavailable. Jobs come back later by themselves, and people who wait for an answer get one.
    """
    return PoolManager(
        maxsize=CONNECTIONS,
        timeout=Timeout(connect=CONNECT_TIMEOUT_S, read=READ_TIMEOUT_S),
        retries=Retry(
            total=3,
            connect=2,
            read=1,
            backoff_factor=0.2,
            status_forcelist=[500, 502, 503, 504],
            allowed_methods=["GET", "HEAD", "PUT", "DELETE"],
            raise_on_status=False,
            respect_retry_after_header=False,
        ),
    )


class Counted:
    """Counts what is drawn from a stream whose length nobody knows."""

    def __init__(self, source: Readable) -> None:
        self._source = source
        self.size_bytes = 0

    def read(self, size: int = -1, /) -> bytes:
        data = self._source.read(size)
        self.size_bytes += len(data)
        return data


class Body(io.RawIOBase):
    """The body of an answer as a stream; a connection that breaks is `Unavailable`, never a short body."""

    def __init__(self, answer: BaseHTTPResponse) -> None:
        super().__init__()
        self._answer = answer

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        view = memoryview(buffer)
        with network_errors("get"):
            data = self._answer.read(view.nbytes)
        view[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._answer.close()
        super().close()
