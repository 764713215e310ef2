"""A stand-in for permissions: people with tokens and roles, decided on in memory by the same rules.

It passes the same contract suite as the real client of permissions: tests/contract/access.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from archive_shared.access import Action, Answers, Caller, Question, Usable
from archive_shared.errors import Unauthenticated

_LOOK = {Action.VIEW_ARCHIVE, Action.USE_ARCHIVE}
_ALLOWED = {
    "user": _LOOK,
    "uploader": _LOOK | {Action.UPLOAD},
    "editor": _LOOK | {Action.UPLOAD, Action.CHANGE_ARCHIVE},
}


@dataclass
class RoleBook:
    """Who there is and who has which role where; implements `archive_shared.access.Access`.

    Parameters
    ----------
    people
        By token.
    roles
        Role by archive and identifier of the user.
    creators
        Whether everybody may create archives.
    """

    people: dict[str, Caller] = field(default_factory=dict)
    roles: dict[tuple[str, str], str] = field(default_factory=dict)
    creators: bool = True

    def add_person(self, username: str, *, administrator: bool = False) -> str:
        """Add somebody and return their token."""
        number = len(self.people) + 1
        caller = Caller(f"user-{username}", username, number, administrator)
        token = f"token-{username}"
        self.people[token] = caller
        return token

    def limit(self, token: str, *archives: str) -> str:
        """Return another token of the same person, good for these archives only."""
        person = self.people[token]
        limited = f"{token} for {' and '.join(archives)}".replace(" ", "-")
        self.people[limited] = replace(person, archives=frozenset(archives), administrator=False)
        return limited

    def give(self, token: str, role: str, archive: str) -> None:
        self.roles[archive, self.people[token].id] = role

    def take(self, token: str, archive: str) -> None:
        del self.roles[archive, self.people[token].id]

    def ask(self, token: str | None, questions: Sequence[Question]) -> Answers:
        caller = self._caller(token)
        return Answers(caller, [self._allows(caller, question) for question in questions])

    def ask_about(self, user: str, questions: Sequence[Question]) -> Answers:
        caller = next((person for person in self.people.values() if person.id == user), None)
        return Answers(caller, [self._allows(caller, question) for question in questions])

    def usable(self, token: str | None) -> Usable:
        caller = self._caller(token)
        if caller is None:
            return Usable(None, frozenset())
        mine = frozenset(
            archive for archive, user in self.roles if user == caller.id and caller.reaches(archive)
        )
        return Usable(caller, mine, caller.administrator)

    def make_first_editor(self, *, archive: str, user: str) -> None:
        if not any(taken == archive for taken, _ in self.roles):
            self.roles[archive, user] = "editor"

    def _caller(self, token: str | None) -> Caller | None:
        if token is None:
            return None
        if token not in self.people:
            raise Unauthenticated("Invalid token.")
        return self.people[token]

    def _allows(self, caller: Caller | None, question: Question) -> bool:
        if question.public and question.archive and question.action is Action.VIEW_ARCHIVE:
            return True
        if caller is None or not caller.reaches(question.archive):
            return False
        if caller.administrator:
            return True
        if question.action is Action.CREATE_ARCHIVE:
            return self.creators
        role = self.roles.get((question.archive or "", caller.id), "")
        return question.action in _ALLOWED.get(role, set())
