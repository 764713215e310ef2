"""Asks the permissions service over HTTP; the internal wire contract of its decision calls."""

from collections.abc import Sequence
from typing import Any

from archive_shared.access import Answers, Caller, Question, Usable
from archive_shared.http.client import ServiceClient


class HttpAccess:
    """Asks the permissions service over HTTP."""

    def __init__(self, permissions: ServiceClient) -> None:
        self._permissions = permissions

    def ask(self, token: str | None, questions: Sequence[Question]) -> Answers:
        body = {
            "token": token,
            "questions": [
                {"action": each.action.value, "archive": each.archive, "public": each.public}
                for each in questions
            ],
        }
        answer = self._permissions.post("/internal/v1/decisions/", body)
        return Answers(_caller(answer["caller"]), answer["allowed"])

    def usable(self, token: str | None) -> Usable:
        answer = self._permissions.post("/internal/v1/usable-archives/", {"token": token})
        return Usable(_caller(answer["caller"]), frozenset(answer["archives"]), answer["everything"])

    def make_first_editor(self, *, archive: str, user: str) -> None:
        self._permissions.post("/internal/v1/first-editors/", {"archive": archive, "user": user})


def _caller(found: dict[str, Any] | None) -> Caller | None:
    return None if found is None else Caller(**found)
