"""A pass: the answer to "may they see this image", signed, so that it need not be asked for every tile.

It lives for seconds and names the very files whose tiles it opens, so that serving one needs no database. Whoever
loses a role sees on for these seconds at most; DESIGN.md allows decisions to be cached for seconds.
"""

import hashlib
import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import asdict, dataclass

from archive_shared.errors import Unauthenticated

LIFETIME_S = 15
_PURPOSE = b"tile pass, version 1"
_INVALID = "The tile pass is not valid (any more)."
_MOST_REMEMBERED = 4096


@dataclass(frozen=True, slots=True)
class TilePass:
    """What a pass says.

    Parameters
    ----------
    index_key, source_key, source_size_bytes
        The tile index, in the bucket `media`, and the file it is of, in the bucket `images`.
    expires_at
        In seconds since 1970.
    """

    image: str
    index_key: str
    source_key: str
    source_size_bytes: int
    expires_at: int


class PassOffice:
    """Issues and checks passes. Thread-safe; checking one that was seen before costs a microsecond.

    Parameters
    ----------
    now_s
        The time in seconds since 1970.
    """

    def __init__(self, secret: bytes, now_s: Callable[[], float]) -> None:
        self._key = hmac.digest(secret, _PURPOSE, "sha256")
        self._now_s = now_s
        self._seen: dict[str, TilePass] = {}

    def issue(
        self, image: str, *, index_key: str, source_key: str, source_size_bytes: int
    ) -> tuple[TilePass, str]:
        """Return a pass, and how it is written."""
        issued = TilePass(image, index_key, source_key, source_size_bytes, int(self._now_s()) + LIFETIME_S)
        body = urlsafe_b64encode(json.dumps(asdict(issued)).encode())
        return issued, f"{body.decode()}.{self._seal(body)}"

    def check(self, written: str) -> TilePass:
        """Return what a pass says; raise `Unauthenticated` if we did not write it, or its time is over."""
        found = self._seen.get(written) or self._read(written)
        if found.expires_at <= self._now_s():
            self._seen.pop(written, None)
            raise Unauthenticated(_INVALID)
        return found

    def _read(self, written: str) -> TilePass:
        body, _, seal = written.partition(".")
        if not written.isascii() or not hmac.compare_digest(seal, self._seal(body.encode())):
            raise Unauthenticated(_INVALID)
        found = TilePass(**json.loads(urlsafe_b64decode(body)))
        if len(self._seen) >= _MOST_REMEMBERED:
            self._seen.clear()
        self._seen[written] = found
        return found

    def _seal(self, body: bytes) -> str:
        return hmac.new(self._key, body, hashlib.sha256).hexdigest()
