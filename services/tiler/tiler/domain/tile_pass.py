"""A pass: what an image's pictures are read from, and for whom, sealed, so that serving one needs no database.

A pass is no permission. It says whose token it was given for and why they saw the image, and that is asked again, of
what permissions said in the last second (`archive_shared.http.cached_access`), whenever it is shown. What it spares is
the way to archive-api and to our own database. The token in it can be read by nobody but us.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Protocol

from archive_shared.access import Question
from archive_shared.errors import Unauthenticated
from tiler.domain.sight import Sight

LIFETIME_S = 15
_INVALID = "The pass is not valid (any more)."
_MOST_REMEMBERED = 4096


@dataclass(frozen=True)
class TilePass:
    """What a pass says.

    Parameters
    ----------
    index_key
        The tile index, in the bucket `media`; "" for an image that is no pyramid.
    source_key, source_size_bytes
        The file that is shown, in the bucket `images`.
    token
        Of the caller.
    expires_at
        In seconds since 1970. Until then an image counts as being where it was; roles do not.
    """

    image: str
    index_key: str
    source_key: str
    source_size_bytes: int
    token: str
    sight: Sight
    expires_at: int = 0

    @cached_property
    def questions(self) -> tuple[Question, ...]:
        """What has to be allowed still."""
        return self.sight.questions


class Seals(Protocol):
    """Encloses what nobody else may read or change."""

    def seal(self, body: bytes) -> str:
        """Return it in letters a cookie and a header may have."""
        ...

    def unseal(self, sealed: str) -> bytes | None:
        """Return what is in it, None if it was not sealed by us."""
        ...


class PassOffice:
    """Issues and checks passes. Thread-safe; checking one that was seen before costs a microsecond.

    Parameters
    ----------
    now_s
        The time in seconds since 1970.
    """

    def __init__(self, seals: Seals, now_s: Callable[[], float]) -> None:
        self._seals = seals
        self._now_s = now_s
        self._seen: dict[str, TilePass] = {}

    def issue(
        self, image: str, *, index_key: str, source_key: str, source_size_bytes: int, token: str, sight: Sight
    ) -> tuple[TilePass, str]:
        """Return a pass, and how it is written."""
        expires_at = int(self._now_s()) + LIFETIME_S
        issued = TilePass(image, index_key, source_key, source_size_bytes, token, sight, expires_at)
        return issued, self._seals.seal(json.dumps(asdict(issued)).encode())

    def check(self, written: str) -> TilePass:
        """Return what a pass says; raise `Unauthenticated` if we did not write it, or its time is over."""
        found = self._seen.get(written) or self._read(written)
        if found.expires_at <= self._now_s():
            self._seen.pop(written, None)
            raise Unauthenticated(_INVALID)
        return found

    def _read(self, written: str) -> TilePass:
        body = self._seals.unseal(written)
        if body is None:
            raise Unauthenticated(_INVALID)
        said = json.loads(body)
        sight = Sight(tuple(said["sight"]["archives"]), said["sight"]["is_theirs"])
        found = TilePass(**{**said, "sight": sight})
        if len(self._seen) >= _MOST_REMEMBERED:
            self._seen.clear()
        self._seen[written] = found
        return found
