"""Asks the permissions service over HTTP; the internal wire contract of its decision calls."""

from collections.abc import Sequence
from typing import Any

from archive_shared.access import Action, Answers, Caller, Question, Standing, Usable
from archive_shared.http.client import ServiceClient

MOST_QUESTIONS = 1000
"""How many questions permissions answers in one call; more are asked in several."""


class HttpAccess:
    """Asks the permissions service over HTTP, every time."""

    def __init__(self, permissions: ServiceClient) -> None:
        self._permissions = permissions

    def ask(self, token: str | None, questions: Sequence[Question]) -> Answers:
        parts = [
            self._ask(token, questions[start : start + MOST_QUESTIONS])
            for start in range(0, max(len(questions), 1), MOST_QUESTIONS)
        ]
        return Answers(parts[0].caller, [allowed for part in parts for allowed in part.allowed])

    def ask_about(self, user: str, questions: Sequence[Question]) -> Answers:
        body = {"user": user, "questions": _asked(questions)}
        answer = self._permissions.post("/internal/v1/decisions-about-users/", body)
        return Answers(_caller(answer["caller"]), answer["allowed"])

    def usable(self, token: str | None) -> Usable:
        answer = self._permissions.post("/internal/v1/usable-archives/", {"token": token})
        return Usable(_caller(answer["caller"]), frozenset(answer["archives"]), answer["everything"])

    def standing(self, token: str | None) -> Standing:
        """Return all that decides about a token; raise as `ask` does."""
        answer = self._permissions.post("/internal/v1/standings/", {"token": token})
        return Standing(
            caller=_caller(answer["caller"]),
            roles={
                archive: actions
                for part in answer["roles"]
                for actions in [_actions(part["actions"])]
                for archive in part["archives"]
            },
            public=_actions(answer["public"]),
            general=_actions(answer["general"]),
            power=_actions(answer["power"]),
        )

    def make_first_editor(self, *, archive: str, user: str) -> None:
        self._permissions.post("/internal/v1/first-editors/", {"archive": archive, "user": user})

    def _ask(self, token: str | None, questions: Sequence[Question]) -> Answers:
        body = {"token": token, "questions": _asked(questions)}
        answer = self._permissions.post("/internal/v1/decisions/", body)
        return Answers(_caller(answer["caller"]), answer["allowed"])


def _asked(questions: Sequence[Question]) -> list[dict[str, Any]]:
    return [
        {"action": each.action.value, "archive": each.archive, "public": each.public} for each in questions
    ]


def _caller(found: dict[str, Any] | None) -> Caller | None:
    if found is None:
        return None
    archives = found["archives"]
    return Caller(**found | {"archives": None if archives is None else frozenset(archives)})


def _actions(names: Sequence[str]) -> frozenset[Action]:
    """Read actions; those of a newer permissions service are of no use to us."""
    return frozenset(Action(name) for name in names if name in _KNOWN)


_KNOWN = frozenset(Action)
