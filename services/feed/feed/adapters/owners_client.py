"""Asks permissions about the owner of a webhook, whose token nobody has at hand when an event is sent."""

from collections.abc import Sequence
from functools import partial

from archive_shared.access import Answers, Caller, Question
from archive_shared.http.client import ServiceClient
from feed.domain.sight import Ask


class HttpOwners:
    """Asks over HTTP; see `permissions.entrypoints.http.decisions`."""

    def __init__(self, permissions: ServiceClient) -> None:
        self._permissions = permissions

    def about(self, user: str) -> Ask:
        """Return what asks about this user; it answers that there is no caller when there is no such user."""
        return partial(self._ask, user)

    def _ask(self, user: str, questions: Sequence[Question]) -> Answers:
        asked = [
            {"action": each.action.value, "archive": each.archive, "public": each.public}
            for each in questions
        ]
        answer = self._permissions.post(
            "/internal/v1/decisions-about-users/", {"user": user, "questions": asked}
        )
        found = answer["caller"]
        return Answers(None if found is None else Caller(**found), answer["allowed"])
