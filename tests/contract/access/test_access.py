"""What every `Access` answers: the permissions service behind its client, and the stand-in other tests use."""

from pathlib import Path
from typing import Protocol

import pytest
from httpx2 import WSGITransport

from archive_shared.access import Access, Action, Caller, Question, require
from archive_shared.clock import SystemClock
from archive_shared.documents.sqlite import SqliteDocuments
from archive_shared.errors import Forbidden, NotFound, Unauthenticated, Unavailable
from archive_shared.http.access_client import HttpAccess
from archive_shared.http.cached_access import CachedAccess
from archive_shared.http.client import ServiceClient
from archive_shared.identifiers import new_id
from archive_shared.settings import PlatformSettings
from permissions.bootstrap import COLLECTIONS, over
from permissions.domain.role import Role
from permissions.domain.roster import Roster
from permissions.entrypoints.http.app import app_for
from permissions.settings import Settings
from permissions.use_cases.identify import require_identity
from permissions.use_cases.manage_tokens import issue
from permissions.use_cases.manage_users import add_user
from tests.support.access import RoleBook

ARCHIVE = new_id()
DATA = (Action.VIEW_ARCHIVE, Action.USE_ARCHIVE, Action.UPLOAD, Action.CHANGE_ARCHIVE)
SECRET = b"a secret of at least thirty-two bytes!"


class World(Protocol):
    """Some permissions, and how people and roles get into them."""

    @property
    def access(self) -> Access: ...
    def add_person(self, username: str, *, administrator: bool = False) -> str: ...
    def give(self, token: str, role: str, archive: str) -> None: ...


class StandIn(RoleBook):
    """The stand-in."""

    @property
    def access(self) -> Access:
        return self


class Real:
    """The permissions service, asked over HTTP within this process, every time."""

    def __init__(self, folder: Path) -> None:
        platform = PlatformSettings(public_url="", documents_url="", bus_url="", blobs_url="", secret=SECRET)
        settings = Settings(platform)
        service = over(SqliteDocuments(folder / "permissions.db", COLLECTIONS), settings)
        self._directory = service.directory
        transport = WSGITransport(app=app_for(service, settings))
        self.http = HttpAccess(
            ServiceClient(
                "http://permissions", service="tests", secret=SECRET, clock=SystemClock(), transport=transport
            )
        )

    @property
    def access(self) -> Access:
        return self.http

    def add_person(self, username: str, *, administrator: bool = False) -> str:
        user = add_user(self._directory, username=username, administrator=administrator)
        return issue(self._directory, user, name="test").secret

    def give(self, token: str, role: str, archive: str) -> None:
        person, now = require_identity(self._directory, token).person, self._directory.clock.now()
        if self._directory.rosters.get(archive) is None:
            self._directory.rosters.add(Roster(id=archive))
        self._directory.rosters.change(
            archive, lambda roster: roster.grant(person, Role(role), by=person, at=now)
        )


class Remembering(Real):
    """The same, remembered for a moment, and dropped at every event as the bus would tell."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.cached = CachedAccess(self.http)

    @property
    def access(self) -> Access:
        return self.cached

    def give(self, token: str, role: str, archive: str) -> None:
        super().give(token, role, archive)
        self.cached.forget()


@pytest.fixture(params=["stand-in", "permissions", "remembering"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> World:
    kinds = {"permissions": Real, "remembering": Remembering}
    return kinds[request.param](tmp_path) if request.param in kinds else StandIn()


def answers(world: World, token: str | None, *, public: bool = False) -> list[bool]:
    questions = [Question(action, ARCHIVE, public) for action in DATA]
    return list(world.access.ask(token, questions).allowed)


def caller(world: World, token: str) -> Caller:
    found = world.access.ask(token, ()).caller
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        ("user", [True, True, False, False]),
        ("uploader", [True, True, True, False]),
        ("editor", [True, True, True, True]),
    ],
)
def test_a_role_allows_what_it_is_for_and_only_there(world: World, role: str, allowed: list[bool]) -> None:
    token = world.add_person("ann")
    world.give(token, role, ARCHIVE)

    assert answers(world, token) == allowed
    assert list(world.access.ask(token, [Question(Action.USE_ARCHIVE, new_id())]).allowed) == [False]


@pytest.mark.parametrize("public", [True, False])
def test_a_stranger_sees_the_card_of_a_public_archive_only(world: World, public: bool) -> None:
    assert answers(world, world.add_person("ann"), public=public) == [public, False, False, False]


def test_somebody_is_decided_about_without_their_token(world: World) -> None:
    token = world.add_person("ann")
    world.give(token, "uploader", ARCHIVE)
    user = caller(world, token).id
    questions = [Question(action, ARCHIVE) for action in DATA]

    assert list(world.access.ask_about(user, questions).allowed) == answers(world, token)
    unknown = world.access.ask_about(new_id(), questions)
    assert (unknown.caller, any(unknown.allowed)) == (None, False)


@pytest.mark.parametrize("public", [True, False])
def test_nobody_sees_what_a_stranger_sees(world: World, public: bool) -> None:
    assert answers(world, None, public=public) == [public, False, False, False]
    assert world.access.ask(None, ()).caller is None


def test_an_administrator_may_everything_and_has_no_archives_of_their_own(world: World) -> None:
    token = world.add_person("root", administrator=True)

    usable = world.access.usable(token)

    assert answers(world, token) == [True] * 4
    assert (usable.everything, usable.archives) == (True, frozenset())


def test_usable_are_the_archives_one_has_a_role_on(world: World) -> None:
    token, other = world.add_person("ann"), world.add_person("bob")
    world.give(token, "user", ARCHIVE)
    world.give(other, "editor", new_id())

    usable = world.access.usable(token)

    assert (usable.archives, usable.everything) == (frozenset([ARCHIVE]), False)
    assert usable.caller == caller(world, token)


def test_hundreds_of_archives_are_one_question(world: World) -> None:
    token = world.add_person("ann")
    archives = [new_id() for _ in range(500)]
    for archive in archives[:3]:
        world.give(token, "user", archive)

    usable = world.access.usable(token)
    assert [archive for archive in archives if usable.includes(archive)] == archives[:3]
    asked = world.access.ask(token, [Question(Action.USE_ARCHIVE, archive) for archive in archives * 3])
    assert list(asked.allowed) == ([True] * 3 + [False] * 497) * 3


def test_nobody_can_use_anything(world: World) -> None:
    usable = world.access.usable(None)

    assert (usable.caller, usable.archives, usable.everything) == (None, frozenset(), False)


@pytest.mark.parametrize("token", ["nobodys", ""])
def test_a_wrong_token_is_refused(world: World, token: str) -> None:
    with pytest.raises(Unauthenticated):
        world.access.ask(token, ())
    with pytest.raises(Unauthenticated):
        world.access.usable(token)


def test_people_have_names_and_different_numbers(world: World) -> None:
    ann, bob = (caller(world, world.add_person(name)) for name in ("ann", "bob"))

    assert (ann.username, bob.username) == ("ann", "bob")
    assert ann.number != bob.number
    assert ann.id != bob.id
    assert not ann.administrator


def test_everybody_may_create_archives(world: World) -> None:
    token = world.add_person("ann")

    assert list(world.access.ask(token, [Question(Action.CREATE_ARCHIVE)]).allowed) == [True]
    assert list(world.access.ask(None, [Question(Action.CREATE_ARCHIVE)]).allowed) == [False]


def test_the_first_editor_is_the_first_one_only(world: World) -> None:
    ann, bob = world.add_person("ann"), world.add_person("bob")

    for token in (ann, ann, bob):
        world.access.make_first_editor(archive=ARCHIVE, user=caller(world, token).id)

    assert answers(world, ann) == [True] * 4
    assert answers(world, bob) == [False] * 4


def test_require_tells_apart_who_sees_and_who_may(world: World) -> None:
    user, stranger = world.add_person("ann"), world.add_person("bob")
    world.give(user, "user", ARCHIVE)

    assert require(world.access, user, Action.USE_ARCHIVE, ARCHIVE).username == "ann"
    with pytest.raises(Forbidden):
        require(world.access, user, Action.UPLOAD, ARCHIVE)
    with pytest.raises(NotFound):
        require(world.access, stranger, Action.UPLOAD, ARCHIVE)
    with pytest.raises(Unauthenticated):
        require(world.access, None, Action.UPLOAD, ARCHIVE)


def test_no_answer_is_no_permission() -> None:
    def broken(environ: object, start_response: object) -> list[bytes]:
        assert callable(start_response)
        start_response("500 Internal Server Error", [])
        return []

    access = HttpAccess(
        ServiceClient(
            "http://permissions",
            service="tests",
            secret=SECRET,
            clock=SystemClock(),
            transport=WSGITransport(app=broken),
        )
    )

    with pytest.raises(Unavailable):
        access.ask("token", [Question(Action.VIEW_ARCHIVE, ARCHIVE, public=True)])


@pytest.mark.parametrize("action", [Action.CREATE_SOCKET, Action.HEAR_EVERYTHING])
def test_what_is_for_administrators_is_for_nobody_else(world: World, action: Action) -> None:
    root, ann = world.add_person("root", administrator=True), world.add_person("ann")
    world.give(ann, "editor", ARCHIVE)

    for token, allowed in ((root, True), (ann, False), (None, False)):
        assert list(world.access.ask(token, [Question(action)]).allowed) == [allowed]
