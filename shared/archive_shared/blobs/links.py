"""Signed links to blobs in a folder: made by `FolderBlobStore`, checked by `links_app`.

The signature covers the method, the bucket, the key and everything in the query, so a link is good for exactly
one thing until it expires. HMAC-SHA256 (RFC 2104). The query says, besides `expires` and `signature`:

    GET   `type` (content type), `disposition` (Content-Disposition, if any)
    PUT   `upload` (identifier), `part` (number)
"""

import hmac
import json
from collections.abc import Iterable, Mapping
from typing import Literal
from urllib.parse import urlencode

from archive_shared.clock import Clock, SystemClock
from archive_shared.errors import Forbidden

MIN_SECRET_BYTES = 16


class LinkSigner:
    """Makes and checks the signatures of links with one secret, which all processes share."""

    def __init__(self, secret: bytes, *, clock: Clock | None = None) -> None:
        if len(secret) < MIN_SECRET_BYTES:
            raise ValueError(f"the secret for links needs at least {MIN_SECRET_BYTES} bytes")
        self._secret = secret
        self._clock = clock or SystemClock()

    def sign(
        self,
        method: Literal["GET", "PUT"],
        bucket: str,
        key: str,
        values: Mapping[str, str],
        *,
        lifetime_s: int,
    ) -> str:
        """Return the query that makes the address of an object work for a while."""
        expires_s = int(self._now_s()) + lifetime_s
        query = [*values.items(), ("expires", str(expires_s))]
        return urlencode([*query, ("signature", self._signature(method, bucket, key, query))])

    def verify(self, method: str, bucket: str, key: str, query: Iterable[tuple[str, str]]) -> dict[str, str]:
        """Return what the (decoded) query of a request says, now that it can be trusted.

        Raises
        ------
        Forbidden
            We did not sign this, or something was changed, added or left out since, or it has expired.
        """
        given = list(query)
        signed = [(name, value) for name, value in given if name != "signature"]
        values = dict(given)
        expected = self._signature(method, bucket, key, signed).encode()
        if not hmac.compare_digest(expected, values.get("signature", "").encode(errors="replace")):
            raise Forbidden("the signature does not match")
        if self._now_s() >= int(values["expires"]):
            raise Forbidden("the link has expired")
        return values

    def _now_s(self) -> float:
        return self._clock.now().timestamp()

    def _signature(self, method: str, bucket: str, key: str, query: list[tuple[str, str]]) -> str:
        # JSON, because with a plain separator a value that contains it could move a boundary unnoticed.
        covered = json.dumps([method, bucket, key, sorted(query)])
        return hmac.new(self._secret, covered.encode(), "sha256").hexdigest()
