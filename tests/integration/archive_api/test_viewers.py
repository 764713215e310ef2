"""The viewer of the installation, which archives get whose creator chose none, and how items are opened with the one they have."""

import base64
from pathlib import Path
from typing import Any

import pytest

from tests.support.archive_service import SITE, ArchiveService, archive_service
from tests.support.pictures import a_picture
from tests.support.sweeping import sweep_for_a_month

ARCHIVES, VIEWERS = "/api/v1/archives/", "/api/v1/workstations/"
PLAIN: dict[str, Any] = {"title": "Plain", "url": "https://viewer.test/open", "public": True}


@pytest.fixture
def service(quick_folder: Path) -> ArchiveService:
    return archive_service(quick_folder, default_viewer="plain")


@pytest.fixture
def root(service: ArchiveService) -> str:
    return service.people.add_person("root", administrator=True)


def made(service: ArchiveService, path: str, token: str, **sent: Any) -> dict[str, Any]:
    answer = service.call("POST", path, token, json=sent)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json
    return found


def test_an_archive_whose_creator_says_nothing_gets_the_viewer_of_the_installation(
    service: ArchiveService, editor: str, root: str
) -> None:
    viewer = made(service, VIEWERS, root, **PLAIN)["api_url"]
    other = made(service, VIEWERS, root, **PLAIN | {"title": "Other"})["api_url"]

    silent, other_chosen, none_chosen = (
        made(service, ARCHIVES, editor, title="Chest CT", **choice)["workstation"]
        for choice in ({}, {"workstation": other}, {"workstation": None})
    )

    assert (silent, other_chosen, none_chosen) == (viewer, other, None)


def test_a_viewer_has_a_logo_in_the_sizes_it_is_shown_in(
    service: ArchiveService, editor: str, root: str
) -> None:
    logo = base64.b64encode(a_picture()).decode()
    viewer = made(service, VIEWERS, root, **PLAIN | {"logo": logo})
    changed = service.call("PATCH", viewer["api_url"], root, json={"title": "Other"}).json

    assert changed["logo"] == viewer["logo"] != ""
    for address in (viewer["logo"], *viewer["logo_renditions"].values()):
        assert service.call("GET", address, editor).headers["Content-Type"] == "image/png"
        assert service.call("GET", address).status_code == 401
    other = viewer["logo"].replace(viewer["pk"], viewer["pk"][::-1])
    assert service.call("GET", other, editor).status_code == 404
    assert service.call("PATCH", viewer["api_url"], root, json={"logo": ""}).json["logo"] == ""
    assert service.call("GET", viewer["logo"], editor).status_code == 404


def test_a_logo_that_is_small_or_not_square_is_refused(service: ArchiveService, root: str) -> None:
    logo = base64.b64encode(a_picture(640, 600)).decode()

    answer = service.call("POST", VIEWERS, root, json=PLAIN | {"logo": logo})

    assert (answer.status_code, answer.json["errors"].keys()) == (400, {"logo"})


def test_the_logo_of_a_viewer_stays_and_one_that_was_replaced_is_swept(
    service: ArchiveService, editor: str, root: str
) -> None:
    first, second = (base64.b64encode(a_picture(size, size)).decode() for size in (640, 700))
    viewer = made(service, VIEWERS, root, **PLAIN | {"logo": first})
    changed = service.call("PATCH", viewer["api_url"], root, json={"logo": second}).json

    sweep_for_a_month(service)

    names = {blob.key.rpartition("/")[2] for blob in service.library.media_blobs.list("viewer-logos/")}
    assert names == {changed["logo"].rpartition("/")[2]}
    assert service.call("GET", changed["logo"], editor).status_code == 200


def test_people_a_private_viewer_names_choose_it_and_then_everybody_of_their_archive_uses_it(
    service: ArchiveService, editor: str, root: str
) -> None:
    user, other = (service.people.add_person(name) for name in ("user", "other"))
    viewer = made(service, VIEWERS, root, **PLAIN | {"public": False, "users": ["editor"]})
    url, archive, others = viewer["api_url"], service.archive(editor=editor), service.archive(editor=other)
    service.people.give(user, "user", archive)

    def choose(token: str, chooser: str) -> int:
        return service.call("PATCH", f"{ARCHIVES}{chooser}/", token, json={"workstation": url}).status_code

    assert viewer["users"] == ["editor"]
    assert service.call("GET", url, editor).json["users"] == []  # who else may is nobody's business
    assert [service.call("GET", url, token).status_code for token in (user, other)] == [404, 404]
    assert choose(other, others) == 400
    assert choose(editor, archive) == 200
    assert [service.call("GET", url, token).status_code for token in (user, other)] == [200, 404]


def test_a_private_viewer_names_people_there_are_however_they_are_written(
    service: ArchiveService, editor: str, root: str
) -> None:
    viewer = made(service, VIEWERS, root, **PLAIN | {"public": False, "users": ["Editor"]})
    service.people.people.pop(editor)  # who left is kept, and not looked up again

    wrong = service.call("PATCH", viewer["api_url"], root, json={"users": ["editor", "nobody"]})
    kept = service.call("PATCH", viewer["api_url"], root, json={"users": ["editor", "root"]})

    assert viewer["users"] == ["editor"]
    assert (wrong.status_code, wrong.json["errors"]) == (400, {"users": ["There is no user nobody."]})
    assert kept.json["users"] == ["editor", "root"]


@pytest.mark.parametrize("viewers", [[], [PLAIN | {"public": False}]])
def test_without_such_a_viewer_or_with_one_for_some_only_an_archive_has_none(
    service: ArchiveService, editor: str, root: str, viewers: list[dict[str, Any]]
) -> None:
    for viewer in viewers:
        made(service, VIEWERS, root, **viewer)

    assert made(service, ARCHIVES, editor, title="Chest CT")["workstation"] is None


def test_the_viewer_of_the_installation_can_be_asked_for(
    service: ArchiveService, editor: str, root: str
) -> None:
    made(service, VIEWERS, root, **PLAIN | {"title": "Other"})
    made(service, VIEWERS, root, **PLAIN)

    found = service.call("GET", f"{VIEWERS}?default=true", editor).json["results"]

    assert [each["slug"] for each in found] == ["plain"]


def test_a_viewer_for_some_only_is_that_of_the_installation_for_nobody(
    service: ArchiveService, root: str
) -> None:
    made(service, VIEWERS, root, **PLAIN | {"public": False})

    found = service.call("GET", f"{VIEWERS}?default=true", root).json

    assert (found["count"], found["results"]) == (0, [])


@pytest.mark.parametrize(
    ("url", "begins"),
    [
        ("https://viewer.test/open", "https://viewer.test/open?item="),
        ("https://viewer.test/open?mode=2d", "https://viewer.test/open?mode=2d&item="),
    ],
)
def test_an_item_tells_where_it_is_opened(
    service: ArchiveService, editor: str, root: str, url: str, begins: str
) -> None:
    viewer = made(service, VIEWERS, root, **PLAIN | {"url": url})["api_url"]
    configuration = made(service, f"{VIEWERS}configs/", root, title="C")
    archive = service.archive(editor=editor)
    chosen = {"workstation": viewer, "workstation_config": configuration["api_url"]}
    service.call("PATCH", f"{ARCHIVES}{archive}/", editor, json=chosen)

    item = made(service, f"{ARCHIVES}items/", editor, archive=f"{SITE}{ARCHIVES}{archive}/")

    assert item["viewer"].startswith(begins)
    assert item["pk"] in item["viewer"]
    assert configuration["pk"] in item["viewer"]
