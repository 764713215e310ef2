"""What somebody does as administrator leaves a line in the audit trail, through whatever door; what they do otherwise does not."""

from collections.abc import Callable

import pytest

from archive_shared.clock import SystemClock
from archive_shared.events import UserVerified
from archive_shared.identifiers import new_id
from feed.bootstrap import connect as feed_documents
from feed.bootstrap import listener
from feed.settings import Settings as FeedSettings
from permissions.use_cases.manage_tokens import Scope, issue
from tests.integration.matrix.scene import Scene
from tests.support.feed import received

Use = Callable[[Scene, str], int]


def administrator(scene: Scene) -> str:
    """Make another one, because the same use by the same person within a minute is the same line."""
    name = f"root-{new_id()}"
    scene.platform.person(name, administrator=True)
    return name


def uses_of_power(scene: Scene, name: str) -> set[tuple[str, str | None]]:
    trail = scene.platform.directory.trail.lines.find()
    return {
        (line.act.details["what"], line.archive)
        for line in trail
        if line.act.action == "administrator.used" and line.act.actor.username == name
    }


def asking(method: str, path: str, **content: object) -> Use:
    def use(scene: Scene, name: str) -> int:
        address = path.format(archive=scene.archive, image=scene.image)
        return scene.platform.call(method, address, name, **content).status_code

    return use


def listening(scene: Scene, name: str) -> int:
    """Hear an event that is for somebody else."""
    person = new_id()
    event = received(UserVerified(user=person, verified=True, verified_by=person), at=SystemClock().now())
    listener(feed_documents(FeedSettings(scene.platform.settings)), SystemClock()).hear(event)
    heard = scene.platform.ok("GET", "/api/v1/events/?types=archive.user.verified.v1", name)["events"]
    return 200 if event.id in {each["id"] for each in heard} else 404


USES: dict[str, tuple[Use, tuple[str, bool]]] = {
    "image": (asking("GET", "/api/v1/cases/images/{image}/"), ("archive.use", True)),
    "tile": (asking("GET", "/api/v1/tiles/images/{image}/0/0/0.jpeg"), ("archive.use", True)),
    "settings": (
        asking("PATCH", "/api/v1/archives/{archive}/", json={"description": "x"}),
        ("archive.change", True),
    ),
    "members": (asking("GET", "/api/v1/archives/{archive}/members/"), ("list members", True)),
    "list": (asking("GET", "/api/v1/archives/items/"), ("see all archives", False)),
    "socket": (
        asking("POST", "/api/v1/components/interfaces/", json={"title": "Volume", "kind": "Float"}),
        ("socket.create", False),
    ),
    "feed": (listening, ("events.hear", False)),
}


@pytest.mark.parametrize("door", USES)
def test_an_administrators_power_is_in_the_trail_whatever_it_was_used_for(private: Scene, door: str) -> None:
    name = administrator(private)
    use, (what, about_archive) = USES[door]

    status = use(private, name)

    assert status < 300
    assert (what, private.archive if about_archive else None) in uses_of_power(private, name)


def test_an_administrator_hears_of_an_archive_they_have_a_role_on_without_using_power(private: Scene) -> None:
    name = administrator(private)
    private.platform.give(private.archive, name, "user", by="editor")

    told = private.platform.ok("GET", f"/api/v1/events/?archive={private.archive}", name)["events"]

    assert told
    assert uses_of_power(private, name) == set()


def test_an_administrators_token_for_reading_hears_everything_and_makes_nothing(private: Scene) -> None:
    name = administrator(private)
    user = private.platform.directory.users.require(private.platform.user_id(name))
    reading = issue(private.platform.directory, user, name="reading", scope=Scope(writes=False)).secret

    assert listening(private, reading) == 200
    assert USES["socket"][0](private, reading) == 403


@pytest.mark.parametrize("who", ["editor", "outsider"])
def test_nobody_else_has_such_power(private: Scene, who: str) -> None:
    assert listening(private, who) == 404
    assert USES["socket"][0](private, who) == 403
