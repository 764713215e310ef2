"""The session of somebody who is signed in on the page: two cookies, and the proof that a request is their own.

The session cookie holds a secret like an API token's, which scripts of the page cannot read. The other cookie holds a
word derived from it, which they can; a request that changes something has to repeat it in a header. Another site can
make a browser send the cookies, but cannot read the word (OWASP: signed double-submit cookie). A session without its word
counts for nothing, so that the page can end it by itself when the server does not answer.
"""

import hashlib
import hmac
from functools import partial

from flask import Response, request

from archive_shared.errors import Forbidden

SECURE_NAME = "__Host-archive-session"
PLAIN_NAME = "archive-session"  # for http on one's own machine, where browsers refuse secure cookies
CSRF_COOKIE = "archive-csrf"
CSRF_HEADER = "X-CSRF-Token"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def session_secret() -> str | None:
    """Return the secret of the session a request belongs to, None without one.

    Raises
    ------
    Forbidden
        It would change something and does not prove that the page itself sent it.
    """
    secret = request.cookies.get(SECURE_NAME) or request.cookies.get(PLAIN_NAME)
    if not secret or not _is_word(request.cookies.get(CSRF_COOKIE, ""), secret):
        return None
    if request.method not in SAFE_METHODS and not _is_word(request.headers.get(CSRF_HEADER, ""), secret):
        raise Forbidden("This request did not come from the page.")
    return secret


def csrf_word(secret: str) -> str:
    """Return the word that proves knowledge of the session without giving it away."""
    return hashlib.sha256(b"csrf:" + secret.encode()).hexdigest()


def begin(response: Response, secret: str, *, secure: bool, lifetime_s: int) -> None:
    """Make the browser keep a session."""
    keep = partial(response.set_cookie, max_age=lifetime_s, secure=secure, samesite="Strict", path="/")
    keep(SECURE_NAME if secure else PLAIN_NAME, secret, httponly=True)
    keep(CSRF_COOKIE, csrf_word(secret))


def end(response: Response, *, secure: bool) -> None:
    """Make the browser forget the session."""
    response.delete_cookie(SECURE_NAME if secure else PLAIN_NAME, secure=secure, httponly=True, path="/")
    response.delete_cookie(CSRF_COOKIE, secure=secure, path="/")


def _is_word(text: str, secret: str) -> bool:
    return hmac.compare_digest(text.encode(), csrf_word(secret).encode())
