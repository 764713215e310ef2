"""The leaks of the reference (spec/archives.md 8), each with a test that would catch it here, through every door."""

import json
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import time_machine

from archive_api.use_cases.browse_images import DOWNLOAD_LIFETIME_S
from archive_gateway.routes import Service
from archive_shared.identifiers import new_id
from permissions.use_cases.manage_tokens import Scope, issue
from tests.integration.matrix.scene import Scene
from tests.integration.matrix.table import TABLE
from tests.support.processes import wait_until

STRANGERS = ("anonymous", "wrong", "outsider")
READING = [cell for cell in TABLE if cell[1] == "GET" and cell[0] is not Service.PORTAL]
# The request page opens for somebody who has the exact address, of a private archive too (spec/archives.md 2.6).
BY_EXACT_ADDRESS = {
    "/api/v1/archives/<archive>/admission/",
    "/api/v1/archives/<archive>/requests/",
    "/api/v1/archives/<pk>/nameplate/",
    "/api/v1/archives/<pk>/nameplate/logo.png",
}
FOR_EVERYBODY = (
    "organisations",
    "/publications/",
    "/workstations/",
    "/hanging-protocols/",
)  # who is signed in
ABOUT_SOMETHING = [
    cell
    for cell in TABLE
    if re.search(r"<(archive|image|pk)>", cell[2])
    and cell[2] not in BY_EXACT_ADDRESS
    and not any(shared in cell[2] for shared in FOR_EVERYBODY)
]
FILTERS = ("", "?archive={archive}", "?name=slide.tif", "?title=Chest%20CT", "?mine=true", "?patient_id=P1")


def secrets_of(scene: Scene) -> dict[str, str]:
    """Return what nobody without a role may learn from any answer."""
    [item] = [
        each
        for each in scene.platform.ok("GET", "/api/v1/archives/items/?limit=1000", "editor")["results"]
        if scene.image in json.dumps(each)
    ]
    return {
        "the item": item["pk"],
        "the image": scene.image,
        "a patient": '"P1"',
        "a study": "2026-01-31",
        "a file": "slide.tif",
        "a member": scene.platform.user_id("uploader"),
        "an editor": scene.platform.user_id("editor"),
    }


@pytest.mark.parametrize("who", STRANGERS)
@pytest.mark.parametrize("cell", READING, ids=" ".join)
def test_no_answer_tells_a_stranger_what_is_in_an_archive(
    scene: Scene, cell: tuple[Service, str, str], who: str
) -> None:
    """D1, and whatever else looks like it: bodies, errors, headers, counts, with and without filters."""
    answer = scene.ask(who, *cell)

    sent = scene.sent_path(answer)
    told = answer.get_data().decode(errors="replace") + str(dict(answer.headers))  # pictures too are answers
    leaked = [name for name, secret in secrets_of(scene).items() if secret in told.replace(sent, "")]
    assert leaked == []


@pytest.mark.parametrize("who", ["anonymous", "outsider"])
@pytest.mark.parametrize("query", FILTERS)
@pytest.mark.parametrize("path", ["/api/v1/archives/items/", "/api/v1/cases/images/", "/api/v1/archives/"])
def test_a_filter_finds_nothing_that_may_not_be_seen(scene: Scene, path: str, query: str, who: str) -> None:
    """D29: `?archive=` of a hidden archive looks like that of one that does not exist."""
    name = None if who == "anonymous" else who

    hidden = scene.platform.call("GET", path + query.format(archive=scene.archive), name)
    nowhere = scene.platform.call("GET", path + query.format(archive=new_id()), name)

    assert hidden.status_code == nowhere.status_code
    if path != "/api/v1/archives/":
        assert hidden.get_data() == nowhere.get_data()
        assert hidden.status_code == 401 or hidden.get_json()["count"] == 0


@pytest.mark.parametrize("who", STRANGERS)
@pytest.mark.parametrize("cell", ABOUT_SOMETHING, ids=" ".join)
def test_what_is_hidden_answers_like_what_does_not_exist(
    private: Scene, cell: tuple[Service, str, str], who: str
) -> None:
    """D29: status and body are the same for the private archive and for one nobody ever made."""
    hidden = private.ask(who, *cell)
    nowhere = Scene(private.platform, new_id(), new_id(), nowhere=True).ask(who, *cell)

    assert (hidden.status_code, hidden.get_data()) == (nowhere.status_code, nowhere.get_data())


def test_nothing_of_an_archive_is_changed_by_a_stranger(scene: Scene) -> None:
    scene.platform.give(scene.archive, "target", "user", by="editor")
    before = scene.documents()

    for cell in TABLE:
        for who in STRANGERS:
            if cell[1] != "GET":
                scene.ask(who, *cell)

    assert scene.documents() == before


def test_an_archive_nobody_may_see_is_in_no_count(private: Scene) -> None:
    before = private.platform.ok("GET", "/api/v1/archives/", "outsider")["count"]

    private.platform.archive(editor="editor", public=False, title="Another")

    assert private.platform.ok("GET", "/api/v1/archives/", "outsider")["count"] == before


def test_a_public_archive_shows_its_card_and_not_how_much_is_in_it(public: Scene) -> None:
    for who in (None, "outsider"):
        card = public.platform.ok("GET", f"/api/v1/archives/{public.archive}/", who)
        assert card["title"] == "Chest CT"
        assert card["item_count"] is None


def test_the_exact_address_of_a_private_archive_tells_its_title_and_logo_and_nothing_else(
    private: Scene,
) -> None:
    platform = private.platform
    path = f"/api/v1/archives/{private.archive}/nameplate/"
    slug = platform.ok("GET", f"/api/v1/archives/{private.archive}/", "editor")["slug"]

    plate = platform.ok("GET", path, "outsider")

    assert plate == {
        "pk": private.archive,
        "title": "Chest CT",
        "logo": f"{platform.settings.public_url}{path}logo.png",
    }
    assert platform.call("GET", f"{path}logo.png", "outsider").get_data() == b"a picture"
    for address, who in ((path, None), (f"/api/v1/archives/{slug}/nameplate/", "outsider")):
        assert platform.call("GET", address, who).status_code == (404 if who else 401)


def test_a_token_for_some_archives_reads_no_other_nameplate(private: Scene) -> None:
    directory = private.platform.directory
    user = directory.users.require(private.platform.user_id("outsider"))
    token = issue(directory, user, name="for one archive", scope=Scope(archives=[new_id()])).secret

    answer = private.platform.call("GET", f"/api/v1/archives/{private.archive}/nameplate/", token)

    assert answer.status_code == 404


def test_an_item_cannot_be_moved_out_of_reach_of_its_archives_roles(private: Scene) -> None:
    """D3: rights follow from where an item is, and it stays where it is."""
    platform = private.platform
    platform.person("mover")
    mine = platform.archive(editor="mover", public=False)
    platform.give(private.archive, "mover", "uploader", by="editor")
    sent = {"archive": f"{platform.settings.public_url}/api/v1/archives/{private.archive}/"}
    item = platform.ok("POST", "/api/v1/archives/items/", "editor", json=sent)
    path = f"/api/v1/archives/items/{item['pk']}/"

    moved = {"archive": f"{platform.settings.public_url}/api/v1/archives/{mine}/"}
    for method in ("PATCH", "PUT"):
        platform.call(method, path, "mover", json=moved | {"values": []})
    platform.take(private.archive, "mover", "uploader", by="editor")

    assert platform.call("GET", path, "editor").status_code == 200
    wait_until(lambda: platform.call("GET", path, "mover").status_code == 404, timeout_s=10, what="refusal")
    listed = platform.ok("GET", f"/api/v1/archives/items/?archive={mine}", "mover")
    assert listed["count"] == 0


def test_an_image_that_found_no_place_is_its_uploaders_and_nobody_elses(
    private: Scene, tmp_path: Path
) -> None:
    """D36: the reference stored it, visible to nobody."""
    platform = private.platform
    image = platform.import_image(archive=None, creator="uploader", name="lost.tif")

    answers = {
        who: platform.call("GET", f"/api/v1/cases/images/{image}/", who).status_code
        for who in ("uploader", "user", "editor", "outsider", None)
    }

    assert answers == {"uploader": 200, "user": 404, "editor": 404, "outsider": 404, None: 401}


def link_to_file(scene: Scene) -> str:
    shown = scene.platform.ok("GET", f"/api/v1/cases/images/{scene.image}/", "user")
    answer = scene.platform.call("GET", urlsplit(shown["files"][0]["file"]).path, "user")
    assert answer.status_code == 302
    address = urlsplit(answer.headers["Location"])
    return f"{address.path}?{address.query}"


def test_a_signed_link_lives_five_minutes_at_most(private: Scene) -> None:
    assert DOWNLOAD_LIFETIME_S <= 300
    with time_machine.travel("2026-11-26T12:00:00Z", tick=False) as moment:
        link = link_to_file(private)
        assert private.platform.call("GET", link).status_code == 200

        moment.shift(DOWNLOAD_LIFETIME_S + 1)

        assert private.platform.call("GET", link).status_code == 403


def test_a_signed_link_is_good_for_one_file_and_for_reading(private: Scene) -> None:
    link = link_to_file(private)
    other = private.platform.import_image(archive=private.archive, creator="uploader")

    assert private.platform.call("GET", link.replace(private.image, other)).status_code == 403
    assert private.platform.call("GET", link.replace("/images/", "/media/")).status_code == 403
    assert private.platform.call("PUT", link, data=b"x").status_code == 403


def test_services_calls_are_not_reached_from_outside(private: Scene) -> None:
    for path in ("decisions", "standings", "usable-archives", "first-editors"):
        for who in (None, "administrator"):
            answer = private.platform.call("POST", f"/internal/v1/{path}/", who, json={})
            assert answer.status_code == 404


@pytest.mark.parametrize(
    "query", ["", "?name=", "?name=t", "?name=targe", "?name=*", "?name=%25", "?search=target"]
)
def test_people_cannot_be_paged_through(private: Scene, query: str) -> None:
    """D29: the reference's search for people listed everybody for an empty query."""
    found = private.platform.ok("GET", f"/api/v1/users/find/{query}", "editor")

    assert found == {"results": []}
    assert private.platform.call("GET", f"/api/v1/users/{query}", "editor").status_code == 403
