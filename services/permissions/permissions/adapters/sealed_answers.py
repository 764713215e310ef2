"""Keeps the answers that clients may ask for again unreadable in the store: a new token is in some of them."""

import base64
import hashlib
import hmac

from cryptography.fernet import Fernet, InvalidToken

from archive_shared.errors import Conflict


class SealedAnswers:
    """Seals with a key that follows from the secret of the platform; with another secret nothing can be opened any more."""

    def __init__(self, secret: bytes) -> None:
        key = hmac.new(secret, b"answers", hashlib.sha256).digest()
        self._fernet = Fernet(base64.urlsafe_b64encode(key))

    def close(self, text: str) -> str:
        return self._fernet.encrypt(text.encode()).decode()

    def open(self, sealed: str) -> str:
        """Return the text; raise `Conflict` when it was sealed with another secret, or damaged."""
        try:
            return self._fernet.decrypt(sealed).decode()
        except InvalidToken as error:
            raise Conflict("It was done, but the answer cannot be read any more.") from error
