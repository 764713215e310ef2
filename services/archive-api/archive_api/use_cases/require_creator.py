"""Tells who may create archives, and what archives are made with."""

from archive_api.use_cases.library import Library
from archive_shared.access import Action, Caller, Question
from archive_shared.errors import Forbidden, Unauthenticated


def require_creator(library: Library, token: str | None) -> Caller:
    """Return the caller if they may create archives, else raise `Unauthenticated` or `Forbidden`."""
    answers = library.access.ask(token, [Question(Action.CREATE_ARCHIVE)])
    if answers.caller is None:
        raise Unauthenticated("Authentication credentials were not provided.")
    if not all(answers.allowed):
        raise Forbidden("You do not have permission to create archives.")
    return answers.caller
