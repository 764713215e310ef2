"""Permissions, asked about somebody without their token, answers as it would with it."""

from functools import partial
from pathlib import Path

import pytest
from httpx2 import WSGITransport

from archive_shared.access import Action, Question
from archive_shared.clock import SystemClock
from archive_shared.documents.sqlite import SqliteDocuments
from archive_shared.errors import Unauthenticated
from archive_shared.http.access_client import HttpAccess
from archive_shared.http.client import ServiceClient
from archive_shared.identifiers import new_id
from feed.adapters.owners_client import HttpOwners
from permissions.bootstrap import COLLECTIONS, over
from permissions.domain.role import Role
from permissions.domain.roster import Roster
from permissions.entrypoints.http.app import app_for
from permissions.settings import Settings
from permissions.use_cases.manage_tokens import Scope, issue
from permissions.use_cases.manage_users import add_user
from tests.support.feed import settings_for

ARCHIVE = new_id()
QUESTIONS = [
    Question(action, archive)
    for action in (Action.USE_ARCHIVE, Action.CHANGE_ARCHIVE)
    for archive in (ARCHIVE, new_id())
]


class World:
    """The permissions service, asked over HTTP within this process."""

    def __init__(self, folder: Path) -> None:
        settings = Settings(settings_for().platform)
        service = over(SqliteDocuments(folder / "permissions.db", COLLECTIONS), settings)
        self.directory = service.directory
        client = partial(
            ServiceClient,
            "http://permissions",
            service="feed",
            clock=SystemClock(),
            transport=WSGITransport(app=app_for(service, settings)),
        )
        self.access = HttpAccess(client(secret=settings.platform.secret))
        self.owners = HttpOwners(client(secret=settings.platform.secret))
        self.outsiders = HttpOwners(client(secret=b"another secret of thirty-two bytes!"))


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.mark.parametrize("role", [None, *Role])
@pytest.mark.parametrize("administrator", [True, False])
def test_the_answer_is_that_for_the_persons_token(
    world: World, role: Role | None, administrator: bool
) -> None:
    user = add_user(world.directory, username="ann", administrator=administrator)
    roster = Roster(id=ARCHIVE)
    if role is not None:
        roster.grant(user.person, role, by=user.person, at=world.directory.clock.now())
    world.directory.rosters.add(roster)
    token = issue(world.directory, user, name="test").secret

    assert world.owners.about(user.id)(QUESTIONS) == world.access.ask(token, QUESTIONS)


def test_who_may_not_sign_in_any_more_gets_nothing_in_their_name_either(world: World) -> None:
    user = add_user(world.directory, username="ann", administrator=True)
    at, person = world.directory.clock.now(), user.person
    world.directory.users.change(
        user.id, lambda each: each.set_state(active=False, administrator=True, by=person, at=at)
    )

    answers = world.owners.about(user.id)(QUESTIONS)

    assert answers.caller is None
    assert not any(answers.allowed)


def test_somebody_unknown_is_nobody_and_may_nothing(world: World) -> None:
    answers = world.owners.about(new_id())(QUESTIONS)

    assert answers.caller is None
    assert list(answers.allowed) == [False] * len(QUESTIONS)


def test_somebody_who_may_not_sign_in_any_more_is_nobody(world: World) -> None:
    user = add_user(world.directory, username="ann", administrator=False)
    world.directory.users.change(
        user.id,
        lambda each: each.set_state(
            active=False, administrator=False, by=user.person, at=SystemClock().now()
        ),
    )

    assert world.owners.about(user.id)([]).caller is None


@pytest.mark.parametrize("archives", [None, [], [ARCHIVE]])
def test_permissions_tells_of_a_token_whether_it_is_good_for_everything(
    world: World, archives: list[str] | None
) -> None:
    user = add_user(world.directory, username="ann", administrator=False)
    token = issue(world.directory, user, name="test", scope=Scope(archives=archives)).secret

    caller = world.access.ask(token, []).caller

    assert caller is not None
    assert caller.everywhere is (archives is None)


def test_only_services_may_ask(world: World) -> None:
    with pytest.raises(Unauthenticated):
        world.outsiders.about(new_id())(QUESTIONS)
