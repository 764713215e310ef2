"""Checks tokens that the platform's identity provider signed (OpenID Connect, RFC 7519, RFC 8725).

The issuer, the audience, the algorithm and the times are checked. The keys are fetched from the provider and kept; a
token that names a key we do not have makes us look again, but not more often than the provider can bear, so that
keys may be rotated and made-up names do no harm.
"""

import time
from collections.abc import Callable
from threading import Lock
from typing import Any

import httpx2
import jwt
import structlog

from archive_shared.errors import Unauthenticated, Unavailable
from permissions.use_cases.directory import Claims

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Those with public keys only: with a shared secret, whoever can check a token could make one."""

LOOK_AGAIN_AFTER_S = 10.0
KEYS_ARE_GOOD_FOR_S = 3600.0
CLOCKS_DIFFER_BY_S = 30
TIMEOUT_S = 5.0
_NOT_GOOD = "Invalid token."

log = structlog.get_logger()

FetchKeys = Callable[[], dict[str, Any]]


class ProviderKeys:
    """The provider's public keys by their names (`kid`); thread-safe."""

    def __init__(self, fetch: FetchKeys, *, now_s: Callable[[], float] = time.monotonic) -> None:
        self._fetch = fetch
        self._now_s = now_s
        self._lock = Lock()
        self._keys: dict[str, jwt.PyJWK] = {}
        self._fetched_at_s = float("-inf")
        self._tried_at_s = float("-inf")

    def named(self, name: str) -> jwt.PyJWK:
        """Return a key; raise `Unauthenticated` if the provider has none of this name."""
        with self._lock:
            age_s = self._now_s() - self._fetched_at_s
            if name not in self._keys or age_s > KEYS_ARE_GOOD_FOR_S:
                self._look_again()
            found = self._keys.get(name)
        if found is None:
            raise Unauthenticated(_NOT_GOOD)
        return found

    def _look_again(self) -> None:
        now_s = self._now_s()
        if now_s - self._tried_at_s < LOOK_AGAIN_AFTER_S:
            return
        self._tried_at_s = now_s
        try:
            published = jwt.PyJWKSet.from_dict(self._fetch())
        except jwt.PyJWTError as error:
            raise Unavailable("the identity provider publishes no usable keys") from error
        self._keys = {
            key.key_id: key
            for key in published.keys
            if key.key_id and key.algorithm_name in ALGORITHMS and key.public_key_use in (None, "sig")
        }
        self._fetched_at_s = now_s
        log.info("provider keys fetched", keys=len(self._keys))


class ProviderTokens:
    """Reads tokens of one provider.

    Parameters
    ----------
    issuer, audience
        What a token must say of who made it, and for whom.
    """

    def __init__(self, keys: ProviderKeys, *, issuer: str, audience: str) -> None:
        self._keys = keys
        self._issuer = issuer
        self._audience = audience

    def __call__(self, token: str) -> Claims:
        """Return what the token says; raise `Unauthenticated` unless everything about it is right."""
        try:
            header = jwt.get_unverified_header(token)
            key = self._keys.named(_key_name(header))
            claims = jwt.decode(
                token,
                key,
                algorithms=[key.algorithm_name],
                issuer=self._issuer,
                audience=self._audience,
                leeway=CLOCKS_DIFFER_BY_S,
                options={"require": ["exp", "iat", "iss", "aud", "sub"]},
            )
        except jwt.PyJWTError as error:
            raise Unauthenticated(_NOT_GOOD) from error
        return _claims(self._issuer, claims)


def fetching_keys(jwks_url: str, *, transport: httpx2.BaseTransport | None = None) -> FetchKeys:
    """Return what fetches the provider's keys; raises `Unavailable` when it does not answer."""
    client = httpx2.Client(timeout=TIMEOUT_S, transport=transport)

    def fetch() -> dict[str, Any]:
        try:
            answer = client.get(jwks_url)
            answer.raise_for_status()
            keys: dict[str, Any] = answer.json()
        except (httpx2.HTTPError, ValueError) as error:
            raise Unavailable("the identity provider does not answer") from error
        return keys

    return fetch


def _key_name(header: dict[str, Any]) -> str:
    name = header.get("kid")
    if not isinstance(name, str):
        raise Unauthenticated(_NOT_GOOD)
    return name


def _claims(issuer: str, claims: dict[str, Any]) -> Claims:
    email = claims.get("email") if claims.get("email_verified") is True else ""
    name = claims.get("preferred_username") or claims["sub"]
    return Claims(login=f"{issuer} {claims['sub']}", username=str(name), email=str(email or ""))
