"""Seals what leaves the service and comes back: AES-256-GCM (NIST SP 800-38D) under a key of its own."""

import hmac
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES = 12
_SHORTEST_BYTES = _NONCE_BYTES + 16  # with the tag


class AesGcmSeals:
    """Encloses what nobody else may read or change. Thread-safe.

    Parameters
    ----------
    secret
        The platform's; the key is derived from it.
    purpose
        What is sealed for one purpose cannot be unsealed for another.
    """

    def __init__(self, secret: bytes, purpose: bytes) -> None:
        self._cipher = AESGCM(hmac.digest(secret, purpose, "sha256"))

    def seal(self, body: bytes) -> str:
        nonce = os.urandom(_NONCE_BYTES)
        return urlsafe_b64encode(nonce + self._cipher.encrypt(nonce, body, None)).decode()

    def unseal(self, sealed: str) -> bytes | None:
        try:
            read = urlsafe_b64decode(sealed)
            if len(read) < _SHORTEST_BYTES:
                return None
            return self._cipher.decrypt(read[:_NONCE_BYTES], read[_NONCE_BYTES:], None)
        except (ValueError, InvalidTag):
            return None
