"""Decides who may do what; every route of every service ends here."""

from collections.abc import Sequence

from archive_shared.access import Action, Question
from permissions.domain.role import OPEN_TO_ALL_IF_PUBLIC, allows
from permissions.domain.user import User
from permissions.use_cases.directory import Directory


def decide(directory: Directory, user: User | None, questions: Sequence[Question]) -> list[bool]:
    """Answer the questions in order; anything not clearly allowed is a no.

    Reads one roster per archive asked about.
    """
    if user is not None and user.administrator:
        return [True] * len(questions)
    archives = {question.archive for question in questions if question.archive is not None}
    rosters = {archive: directory.rosters.get(archive) for archive in archives} if user else {}

    def allowed(question: Question) -> bool:
        if question.public and question.archive and question.action in OPEN_TO_ALL_IF_PUBLIC:
            return True
        if user is None:
            return False
        if question.action is Action.CREATE_ARCHIVE:
            return directory.everybody_creates_archives
        roster = rosters.get(question.archive) if question.archive else None
        return roster is not None and allows(roster.of(user.id), question.action)

    return [allowed(question) for question in questions]


def usable_archives(directory: Directory, user: User | None) -> list[str]:
    """Return the archives the user has a role on; one indexed search."""
    if user is None:
        return []
    return [roster.id for roster in directory.rosters.find({"members": user.id})]
