"""Signatures of webhook calls, as Standard Webhooks 1.0 has them: https://www.standardwebhooks.com."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence

PREFIX = "whsec_"
_RANDOM_BYTES = 32


def new_secret() -> str:
    """Return a new secret as its owner will see it, once."""
    return PREFIX + base64.b64encode(secrets.token_bytes(_RANDOM_BYTES)).decode()


def signature_headers(
    secrets: Sequence[str], *, message: str, timestamp_s: int, body: bytes
) -> dict[str, str]:
    """Return the three headers that prove where a call comes from.

    Parameters
    ----------
    secrets
        Each signs; while a secret is being replaced there are two, and a receiver needs to know one.
    message
        The same whenever the same thing is sent again; receivers that remember it handle it once.
    timestamp_s
        Seconds since 1970 of this attempt; receivers refuse old ones.
    """
    signed = f"{message}.{timestamp_s}.".encode() + body
    return {
        "webhook-id": message,
        "webhook-timestamp": str(timestamp_s),
        "webhook-signature": " ".join(f"v1,{_sign(secret, signed)}" for secret in secrets),
    }


def _sign(secret: str, signed: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(PREFIX))
    return base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
