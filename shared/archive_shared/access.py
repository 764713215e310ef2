"""Asking permissions who a caller is and what they may do: the questions and the answers.

One question or hundreds, it is one call: `ask` decides them in order, `usable` lists what the caller may see. A
question that cannot be answered is a no: `Unavailable` is raised. Over HTTP it is asked by
`archive_shared.http.access_client`; services remember the answers for a moment (`archive_shared.http.cached_access`).
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from archive_shared.errors import Forbidden, NotFound, Unauthenticated


class Action(StrEnum):
    """What somebody may want to do; permissions holds the table of who may."""

    CREATE_ARCHIVE = "archive.create"
    CREATE_SOCKET = "socket.create"  # the vocabulary that all archives share; administrators
    HEAR_EVERYTHING = "events.hear"  # events that concern somebody else, or nobody; administrators
    VIEW_ARCHIVE = "archive.view"  # its card: title, logo, description
    USE_ARCHIVE = "archive.use"  # its data: items, images, values
    UPLOAD = "archive.upload"  # add and edit items
    CHANGE_ARCHIVE = "archive.change"  # settings and members


@dataclass(frozen=True)
class Question:
    """May the caller do this to that archive? `public` is what the archive's owner knows about it."""

    action: Action
    archive: str | None = None
    public: bool = False


@dataclass(frozen=True)
class Caller:
    """Somebody permissions knows.

    Parameters
    ----------
    number
        The same person as a whole number, which the public client's wire format asks for in places.
    writes
        Whether the token they came with may change anything.
    archives
        The only archives that token is good for; None for all there is about them. What belongs to none of these, or to no
        archive at all, is not for the token: neither to be seen, nor used, nor changed.
    """

    id: str
    username: str
    number: int
    administrator: bool = False
    writes: bool = True
    archives: frozenset[str] | None = None

    @property
    def everywhere(self) -> bool:
        """Tell whether the token is good for all there is about them, what belongs to no archive included."""
        return self.archives is None

    @property
    def limit(self) -> str:
        """Return what stands for the archives the token is good for, alike for tokens that are good for the same; "" for all."""
        if self.archives is None:
            return ""
        return hashlib.sha256(" ".join(sorted(self.archives)).encode()).hexdigest()

    @property
    def account(self) -> str:
        """Return whose answers an `Idempotency-Key` finds: tokens that are good for other archives have keys of their own."""
        return f"{self.id}{self.limit}"

    def reaches(self, archive: str | None) -> bool:
        """Tell whether the token is good for what belongs to this archive, or to none; not whether they may see that."""
        return self.archives is None or archive in self.archives


@dataclass(frozen=True)
class Answers:
    """Who the caller is (None: nobody) and a yes or no per question, in order."""

    caller: Caller | None
    allowed: Sequence[bool]


@dataclass(frozen=True)
class Usable:
    """Which archives a caller has a role on; `everything` for administrators."""

    caller: Caller | None
    archives: frozenset[str]
    everything: bool = False

    def includes(self, archive: str) -> bool:
        """Tell whether the caller may see the data of this archive."""
        return self.everything or archive in self.archives


@dataclass(frozen=True)
class Standing:
    """Everything that decides what the holder of one token may do, as permissions knew it at one moment.

    Parameters
    ----------
    roles
        What the caller may do by virtue of their roles, by archive; archives without a role are not in it.
    public
        What anybody may do with an archive that is public.
    general
        What the caller may do that is about no archive.
    power
        What the caller may do with any archive as administrator. Every use of it has to be told to permissions.
    """

    caller: Caller | None
    roles: Mapping[str, frozenset[Action]]
    public: frozenset[Action] = frozenset()
    general: frozenset[Action] = frozenset()
    power: frozenset[Action] = frozenset()

    def allows(self, question: Question) -> bool:
        """Decide without the power of an administrator; anything not clearly allowed is a no."""
        if question.archive is None:
            return question.action in self.general
        if question.public and question.action in self.public:
            return True
        return question.action in self.roles.get(question.archive, ())

    def allows_by_power(self, question: Question) -> bool:
        """Tell whether the caller may do it as administrator only."""
        return question.action in self.power and not self.allows(question)

    def usable(self) -> Usable:
        """List the archives whose data the caller may see."""
        mine = (archive for archive, actions in self.roles.items() if Action.USE_ARCHIVE in actions)
        return Usable(self.caller, frozenset(mine), Action.USE_ARCHIVE in self.power)


_ABOUT_THE_CARD = {Action.VIEW_ARCHIVE, Action.CHANGE_ARCHIVE}


class Access(Protocol):
    """What services ask of permissions."""

    def ask(self, token: str | None, questions: Sequence[Question]) -> Answers:
        """Decide; raise `Unauthenticated` when the token is wrong, `Unavailable` when nobody answers."""
        ...

    def ask_about(self, user: str, questions: Sequence[Question]) -> Answers:
        """Decide for somebody in whose name work goes on without their token; nobody when they may not sign in any more."""
        ...

    def usable(self, token: str | None) -> Usable:
        """List the archives whose data the caller may see."""
        ...

    def make_first_editor(self, *, archive: str, user: str) -> None:
        """Give the creator of a new archive its first role; doing it again changes nothing."""
        ...


def require(
    access: Access, token: str | None, action: Action, archive: str, *, public: bool = False
) -> Caller:
    """Return the caller if they may do this to the archive.

    Raises
    ------
    Unauthenticated
        No token, or a wrong one.
    NotFound
        The caller may not even see what it is about: the card of the archive when its settings are to be
        changed, its data when that is to be used or added to.
    Forbidden
        They see it, but may not do this.
    """
    sight = Action.VIEW_ARCHIVE if action in _ABOUT_THE_CARD else Action.USE_ARCHIVE
    answers = access.ask(token, [Question(sight, archive, public), Question(action, archive, public)])
    if answers.caller is None:
        raise Unauthenticated("Authentication credentials were not provided.")
    seen, allowed = answers.allowed
    if not seen:
        raise NotFound(f"archive {archive} may not be seen")
    if not allowed:
        raise Forbidden("You do not have permission to perform this action.")
    return answers.caller
