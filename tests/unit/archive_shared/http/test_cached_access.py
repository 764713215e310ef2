"""What is remembered of permissions' answers, for how long, and what makes it forgotten."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from archive_shared.access import Action, Answers, Caller, Question, Standing, Usable
from archive_shared.errors import Unavailable
from archive_shared.events import Event, RoleGranted, RoleRevoked, TokenRevoked, UserChanged
from archive_shared.http.cached_access import LONGEST_AGE_S, CachedAccess

ANN = Caller("user-ann", "ann", 1)
ROOT = Caller("user-root", "root", 2, administrator=True)
USE = Question(Action.USE_ARCHIVE, "a")
EVENTS: Sequence[Event] = [
    RoleGranted(archive="a", user=ANN.id, role="user", granted_by="x"),
    RoleRevoked(archive="a", user=ANN.id, role="user", revoked_by="x"),
    TokenRevoked(token="t", user=ANN.id, revoked_by="x"),
    UserChanged(user=ANN.id, active=False, administrator=False, changed_by="x"),
]


@dataclass
class Permissions:
    """Permissions as the client meets it: somebody has a role, or none any more, or nobody answers."""

    has_role: bool = True
    answers: bool = True
    asked: int = 0
    told: list[Question] = field(default_factory=list)
    during: list[Event] = field(default_factory=list)
    cache: CachedAccess | None = None

    def standing(self, token: str | None) -> Standing:
        if not self.answers:
            raise Unavailable("nobody answers")
        self.asked += 1
        roles = {"a": frozenset({Action.USE_ARCHIVE})} if self.has_role and token == "ann" else {}
        for event in self.during:
            assert self.cache is not None
            self.has_role = False
            self.cache.hear(event)
        power = frozenset(Action) if token == "root" else frozenset[Action]()
        return Standing({"ann": ANN, "root": ROOT}.get(token or ""), roles, power=power)

    def ask(self, token: str | None, questions: Sequence[Question]) -> Answers:
        self.told += questions
        return Answers(ROOT, [True for _ in questions])

    def usable(self, token: str | None) -> Usable:
        self.told.append(Question(Action.USE_ARCHIVE))
        return Usable(ROOT, frozenset(), everything=True)

    def ask_about(self, user: str, questions: Sequence[Question]) -> Answers:
        return Answers(ANN, [self.has_role for _ in questions])

    def make_first_editor(self, *, archive: str, user: str) -> None: ...


@dataclass
class Seconds:
    """A clock that a test moves."""

    now: float = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def permissions() -> Permissions:
    return Permissions()


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def access(permissions: Permissions, seconds: Seconds) -> CachedAccess:
    permissions.cache = CachedAccess(permissions, now_s=seconds)
    return permissions.cache


def may(access: CachedAccess, question: Question = USE, token: str = "ann") -> bool:
    return bool(access.ask(token, [question]).allowed[0])


def test_a_thousand_questions_are_one_call(access: CachedAccess, permissions: Permissions) -> None:
    assert all(may(access) for _ in range(1000))

    assert permissions.asked == 1


def test_a_role_given_a_moment_ago_counts_at_once(access: CachedAccess, permissions: Permissions) -> None:
    permissions.has_role = False
    assert not may(access)
    assert not access.usable("ann").archives

    permissions.has_role = True

    assert may(access)
    assert access.usable("ann").archives == {"a"}


def test_nobody_is_refused_without_a_call(access: CachedAccess, permissions: Permissions) -> None:
    refused = [access.ask(None, [USE]).allowed for _ in range(100)]

    assert refused == [[False]] * 100
    assert permissions.asked == 1


def test_nothing_is_believed_for_more_than_a_second(
    access: CachedAccess, permissions: Permissions, seconds: Seconds
) -> None:
    assert may(access)
    permissions.has_role = False

    seconds.now += LONGEST_AGE_S

    assert LONGEST_AGE_S <= 1
    assert not may(access)


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_an_event_about_somebody_drops_what_was_said_of_them_at_once(
    access: CachedAccess, permissions: Permissions, event: Event
) -> None:
    assert may(access)
    permissions.has_role = False

    access.hear(event)

    assert not may(access)


def test_an_event_about_somebody_else_drops_nothing(access: CachedAccess, permissions: Permissions) -> None:
    may(access)

    access.hear(RoleRevoked(archive="a", user="user-bob", role="user", revoked_by="x"))
    may(access)

    assert permissions.asked == 1


def test_an_answer_that_an_event_overtook_is_not_remembered(
    access: CachedAccess, permissions: Permissions
) -> None:
    permissions.during = [EVENTS[1]]
    may(access)  # was answered before the role was taken, and arrives after that was told
    permissions.during = []

    assert not may(access)


def test_nobody_answers_and_nothing_fresh_is_known_is_a_no(
    access: CachedAccess, permissions: Permissions, seconds: Seconds
) -> None:
    assert may(access)
    permissions.answers = False

    assert may(access)  # what was said a moment ago still holds
    seconds.now += LONGEST_AGE_S
    with pytest.raises(Unavailable):
        may(access)
    with pytest.raises(Unavailable):
        access.usable("ann")


def test_nothing_is_remembered_while_the_bus_is_known_to_be_silent(permissions: Permissions) -> None:
    hears = True
    access = CachedAccess(permissions, hears=lambda: hears)
    assert may(access)
    permissions.has_role = False

    hears = False

    assert not may(access)


def test_every_use_of_an_administrators_power_is_told_to_permissions(
    access: CachedAccess, permissions: Permissions, seconds: Seconds
) -> None:
    other = Question(Action.CHANGE_ARCHIVE, "a")

    for question in (USE, USE, other):
        assert may(access, question, "root")
    assert access.usable("root").everything
    seconds.now += LONGEST_AGE_S
    assert may(access, USE, "root")

    assert permissions.told == [USE, other, Question(Action.USE_ARCHIVE), USE]


def test_tokens_that_are_used_no_more_are_forgotten(
    access: CachedAccess, permissions: Permissions, seconds: Seconds
) -> None:
    for number in range(100):
        access.ask(f"token {number}", [])
    seconds.now += LONGEST_AGE_S * 2

    access.ask("another", [])

    assert list(access._remembered) == ["another"]
