"""POST over HTTP, as everywhere on the platform; see `archive_shared.http.posting`."""

from collections.abc import Callable

from flask import Response

from archive_api.use_cases.library import Library
from archive_shared.http.posting import Acted
from archive_shared.http.posting import posted as answered_once


def posted(library: Library, caller: str, act: Callable[[str], Acted]) -> Response:
    """Answer a POST with what `act` returns for the identifier of what is made; once per Idempotency-Key of the caller."""
    return answered_once(library.answers, caller, act)
