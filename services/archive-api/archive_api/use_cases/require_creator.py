"""Tells who may create archives, and what archives are made with and belongs to none of them."""

from archive_api.use_cases.create_socket import require_administrator
from archive_api.use_cases.library import Library
from archive_shared.access import Action, Caller, Question
from archive_shared.errors import Forbidden, Unauthenticated

MADE_BY_ANOTHER = "Only who made it may change it."


def require_creator(library: Library, token: str | None) -> Caller:
    """Return the caller if they may create archives, else raise `Unauthenticated` or `Forbidden`."""
    answers = library.access.ask(token, [Question(Action.CREATE_ARCHIVE)])
    if answers.caller is None:
        raise Unauthenticated("Authentication credentials were not provided.")
    if not all(answers.allowed):
        raise Forbidden("You do not have permission to create archives.")
    return answers.caller


def require_maker_of(library: Library, token: str | None, creator: str) -> Caller:
    """Return the caller if they may change what somebody made that belongs to no archive: its maker, and administrators.

    Raises
    ------
    Unauthenticated
        Nobody is calling.
    Forbidden
        They are neither, or their token is for reading only, or for some archives only.
    """
    caller = library.require_caller(token)
    if caller.id != creator:
        if not caller.administrator:
            raise Forbidden(MADE_BY_ANOTHER)
        require_administrator(library, token)
    if not caller.writes:
        raise Forbidden("This token is for reading only.")
    if not caller.everywhere:
        raise Forbidden("This token is for some archives only.")
    return caller
