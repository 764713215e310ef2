"""How services prove to one another that they belong together: short-lived signed tokens (RFC 7519)."""

from datetime import timedelta

import jwt
from flask import request

from archive_shared.clock import Clock
from archive_shared.errors import Unauthenticated

HEADER = "X-Service-Token"
LIFETIME = timedelta(seconds=60)
_ALGORITHM = "HS256"
_AUDIENCE = "archive-platform"


def issue(secret: bytes, *, service: str, clock: Clock) -> str:
    """Return a token that says: this call comes from `service`, within the next minute."""
    claims = {"iss": service, "aud": _AUDIENCE, "exp": clock.now() + LIFETIME}
    return jwt.encode(claims, secret, algorithm=_ALGORITHM)


def require(secret: bytes) -> str:
    """Return the name of the calling service; raise `Unauthenticated` for everybody else."""
    try:
        claims = jwt.decode(
            request.headers.get(HEADER, ""),
            secret,
            algorithms=[_ALGORITHM],
            audience=_AUDIENCE,
            options={"require": ["exp", "iss", "aud"]},
        )
    except jwt.InvalidTokenError as error:
        raise Unauthenticated("Only services of the platform may call this.") from error
    return str(claims["iss"])
