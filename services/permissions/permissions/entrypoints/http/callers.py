"""Tells the routes of permissions who is calling, as far as their token goes."""

from flask import request

from archive_shared.errors import Forbidden, NotFound
from archive_shared.http.requests import bearer_token
from archive_shared.http.sessions import SAFE_METHODS
from permissions.domain.identity import Identity
from permissions.use_cases.directory import Directory
from permissions.use_cases.identify import require_identity


def caller_of(directory: Directory) -> Identity:
    """Return who is calling, for what concerns people and the platform.

    Raises
    ------
    Unauthenticated
        Nobody is.
    Forbidden
        Their token is for some archives only, or for reading only and this would change something.
    """
    caller = _caller(directory)
    if caller.archives is not None:
        raise Forbidden("This token is for some archives only.")
    return caller


def caller_on(directory: Directory, archive: str) -> Identity:
    """Return who is calling about an archive; `NotFound` if their token is for others only."""
    caller = _caller(directory)
    if not caller.covers(archive):
        raise NotFound(f"archive {archive} is out of the token's reach")
    return caller


def anybody(directory: Directory) -> Identity:
    """Return who is calling, for what everybody who is signed in may look at; raise `Unauthenticated` for nobody."""
    return _caller(directory)


def _caller(directory: Directory) -> Identity:
    caller = require_identity(directory, bearer_token())
    if request.method not in SAFE_METHODS and not caller.writes:
        raise Forbidden("This token is for reading only.")
    return caller
