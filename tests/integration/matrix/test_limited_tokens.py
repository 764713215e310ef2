"""What a token sees that is for some archives only: what belongs to these, through whatever door, and nothing else of its owner."""

from collections.abc import Sequence
from typing import Any

import pytest

from archive_api.domain.history import Actor
from archive_api.domain.task import Task
from archive_gateway.routes import Service
from archive_shared.identifiers import new_id
from permissions.use_cases.manage_tokens import Scope, issue
from tests.integration.matrix.scene import RECEIVER, Scene
from tests.integration.matrix.table import LIMITED, TABLE, WHO

IMAGES = "/api/v1/cases/images/"
SESSIONS = "/api/v1/cases/upload-sessions/"


def limited(scene: Scene, who: str, archives: Sequence[str], *, writes: bool = True) -> str:
    """Return another token of somebody, for these archives only."""
    user = scene.platform.directory.users.require(scene.platform.user_id(who))
    scope = Scope(archives=archives, writes=writes)
    return issue(scene.platform.directory, user, name="limited", scope=scope).secret


@pytest.fixture
def other(private: Scene) -> str:
    """Return another archive of the editor."""
    return private.platform.archive(editor="editor", public=False, title="Other")


@pytest.fixture(scope="module")
def here(private: Scene) -> str:
    """Return a token of the editor's for the archive of the scene."""
    return limited(private, "editor", [private.archive])


@pytest.fixture(scope="module")
def elsewhere(private: Scene) -> str:
    """Return a token of the editor's for another archive."""
    return limited(private, "editor", [private.platform.archive(editor="editor", public=False)])


def as_the_table_says(cell: tuple[Service, str, str]) -> tuple[int, int]:
    row = TABLE[cell]
    statuses = row if isinstance(row[0], int) else row[1]
    editor, outsider = int(statuses[WHO.index("editor")]), int(statuses[WHO.index("outsider")])
    return LIMITED.get(cell, (editor, outsider))


@pytest.mark.parametrize("cell", TABLE, ids=" ".join)
def test_every_route_answers_a_limited_token_as_the_table_says(
    private: Scene, here: str, elsewhere: str, cell: tuple[Service, str, str]
) -> None:
    answers = [private.ask(token, *cell).status_code for token in (here, elsewhere)]

    assert tuple(answers) == as_the_table_says(cell)


def test_the_table_of_limited_tokens_names_routes_there_are() -> None:
    assert LIMITED.keys() <= TABLE.keys()


def doors_to(image: str) -> list[str]:
    tiles = f"/api/v1/tiles/images/{image}"
    file = f"/media/images/{image}/x/slide.tif"
    return [
        f"{IMAGES}{image}/",
        f"{tiles}/",
        f"{tiles}/preview.jpeg",
        f"{tiles}/pass",
        f"{tiles}/progress/",
        file,
    ]


@pytest.mark.parametrize("place", ["in no archive", "in another archive"])
def test_no_door_leads_to_images_of_its_owner_outside_of_its_archives(
    private: Scene, here: str, other: str, place: str
) -> None:
    platform = private.platform
    archive = other if place == "in another archive" else None
    image = platform.import_image(archive=archive, creator="editor", name="theirs.tif")

    statuses = {path: platform.call("GET", path, here).status_code for path in doors_to(image)}
    sight = platform.call_service(Service.ARCHIVE_API, "GET", f"/internal/v1/images/{image}/sight/", here)

    assert platform.call("GET", f"{IMAGES}{image}/", "editor").status_code == 200
    assert set(statuses.values()) == {404}
    assert sight.status_code == 404
    for query in ("", "?name=theirs.tif", "?cursor=", f"?archive={other}", "?name__contains=theirs"):
        listed = platform.ok("GET", f"{IMAGES}{query}", here)["results"]
        assert image not in {each["pk"] for each in listed}


def test_images_outside_of_its_archives_are_not_put_into_them(private: Scene, here: str) -> None:
    platform = private.platform
    image = platform.import_image(archive=None, creator="editor")
    site = platform.settings.public_url
    sent = {"archive": f"{site}/api/v1/archives/{private.archive}/"}
    item = platform.ok("POST", "/api/v1/archives/items/", here, json=sent)["pk"]
    value = {"values": [{"interface": "generic-medical-image", "image": f"{site}{IMAGES}{image}/"}]}

    refused = platform.call("PATCH", f"/api/v1/archives/items/{item}/", here, json=value)

    assert (refused.status_code, list(refused.get_json()["errors"])) == (400, ["values.0.image"])
    assert platform.call("PATCH", f"/api/v1/archives/items/{item}/", "editor", json=value).status_code == 200
    assert platform.call("GET", f"{IMAGES}{image}/", here).status_code == 200  # now it is in the archive


def test_it_uploads_into_a_socket_of_an_item_of_its_archive(private: Scene, here: str) -> None:
    """What `add_case_to_archive` of the public client does: item, upload, PATCH with `user_uploads`."""
    platform = private.platform
    sent = {"archive": f"{platform.settings.public_url}/api/v1/archives/{private.archive}/"}
    item = platform.ok("POST", "/api/v1/archives/items/", here, json=sent)["pk"]
    uploaded = platform.uploaded(here)
    value: dict[str, Any] = {"interface": "generic-medical-image", "user_uploads": [uploaded]}

    platform.ok("PATCH", f"/api/v1/archives/items/{item}/", here, json={"values": [value]})

    [session] = [
        each for each in platform.ok("GET", SESSIONS, here)["results"] if each["uploads"] == [uploaded]
    ]
    assert session["status"] == "Queued"
    assert platform.call("GET", f"{SESSIONS}{session['pk']}/", here).status_code == 200


def test_it_sees_tasks_in_its_archives_and_no_others_of_its_owner(
    private: Scene, here: str, other: str
) -> None:
    library, editor = private.platform.library, private.platform.user_id("editor")

    def begin(archive: str) -> str:
        task = Task.begin(
            id=new_id(),
            kind="bulk",
            archive=archive,
            creator=Actor(editor, "editor"),
            total=0,
            at=library.clock.now(),
        )
        return library.tasks.add(task).id

    inside, outside = begin(private.archive), begin(other)

    shown = private.platform.ok("GET", "/api/v1/tasks/", here)

    listed = {each["pk"] for each in shown["results"]}
    assert inside in listed
    assert outside not in listed
    assert private.platform.call("GET", f"/api/v1/tasks/{inside}/", here).status_code == 200
    assert private.platform.call("GET", f"/api/v1/tasks/{outside}/", here).status_code == 404


@pytest.mark.parametrize("kind", ["for some archives", "for reading"])
@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("hanging-protocols", {"title": "One", "json": [{"viewport_name": "main"}]}),
        ("publications", {"identifier": "10.1000/mine", "title": "Mine"}),
    ],
)
def test_what_its_owner_made_that_is_in_no_archive_is_not_changed(
    private: Scene, here: str, kind: str, path: str, sent: dict[str, Any]
) -> None:
    user = private.platform.directory.users.require(private.platform.user_id("editor"))
    reading = issue(private.platform.directory, user, name="reading", scope=Scope(writes=False)).secret
    token = here if kind == "for some archives" else reading
    made = private.platform.ok("POST", f"/api/v1/{path}/", "editor", json=sent)["pk"]
    address = f"/api/v1/{path}/{made}/"

    try:
        assert private.platform.call("PATCH", address, token, json={"title": "Another"}).status_code == 403
        assert private.platform.call("DELETE", address, token).status_code == 403
        assert private.platform.ok("GET", address, token)["title"] == sent["title"]
    finally:
        private.platform.ok("DELETE", address, "editor")


def test_an_administrators_token_for_reading_changes_nothing_for_all(private: Scene) -> None:
    user = private.platform.directory.users.require(private.platform.user_id("administrator"))
    reading = issue(private.platform.directory, user, name="reading", scope=Scope(writes=False)).secret
    preset = {"title": "Lung", "center": -500, "width": 1500}
    made = private.platform.ok("POST", "/api/v1/workstations/window-presets/", "administrator", json=preset)
    address = f"/api/v1/workstations/window-presets/{made['pk']}/"

    for method, path in (
        ("POST", "/api/v1/workstations/window-presets/"),
        ("PATCH", address),
        ("DELETE", address),
    ):
        assert private.platform.call(method, path, reading, json=preset).status_code == 403


def test_archives_are_found_by_organisation_with_it_too(private: Scene, here: str) -> None:
    """Which organisations there are everybody who is signed in may know; archive-api asks with the caller's token."""
    sent = {"slug": "hospital", "title": "Hospital"}
    made = private.platform.ok("POST", "/api/v1/organisations/", "administrator", json=sent)
    address = f"{private.platform.settings.public_url}/api/v1/organisations/{made['pk']}/"
    card = f"/api/v1/archives/{private.archive}/"
    private.platform.ok("PATCH", card, here, json={"organizations": [address]})

    found = private.platform.ok("GET", "/api/v1/archives/?organization=Hospital", here)["results"]

    assert [archive["pk"] for archive in found] == [private.archive]


def test_answers_to_another_token_of_its_owner_are_not_repeated_to_it(
    private: Scene, here: str, elsewhere: str
) -> None:
    """They tell of items of other archives, and the secrets of webhooks."""
    platform, key = private.platform, {"Idempotency-Key": new_id()}
    item = {"archive": f"{platform.settings.public_url}/api/v1/archives/{private.archive}/"}
    webhook = {"url": RECEIVER}
    platform.ok("POST", "/api/v1/archives/items/", "editor", json=item, headers=key)
    platform.ok("POST", "/api/v1/webhooks/", "editor", json=webhook, headers=key)

    created = platform.call("POST", "/api/v1/archives/items/", elsewhere, json=item, headers=key)
    heard = platform.call("POST", "/api/v1/webhooks/", here, json=webhook, headers=key)

    assert (created.status_code, list(created.get_json()["errors"])) == (400, ["archive"])
    assert (heard.status_code, list(heard.get_json()["errors"])) == (400, ["archive"])


def test_viewers_that_name_its_owner_are_seen_with_it_once_its_archive_has_them(
    private: Scene, here: str
) -> None:
    sent = {"title": "For few", "url": "https://viewer.test/", "public": False, "users": ["editor"]}
    made = private.platform.ok("POST", "/api/v1/workstations/", "administrator", json=sent)
    viewer, listed = f"/api/v1/workstations/{made['pk']}/", "/api/v1/workstations/?limit=1000"

    def seen(who: str) -> bool:
        in_list = made["pk"] in {each["pk"] for each in private.platform.ok("GET", listed, who)["results"]}
        assert in_list is (private.platform.call("GET", viewer, who).status_code == 200)
        return in_list

    before = seen("editor"), seen(here)
    card = f"/api/v1/archives/{private.archive}/"
    chosen = f"{private.platform.settings.public_url}{viewer}"
    private.platform.ok("PATCH", card, "editor", json={"workstation": chosen})

    assert before == (True, False)
    assert seen(here)
