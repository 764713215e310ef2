"""The viewer of the installation, which archives get whose creator chose none, and how items are opened with the one they have."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.archive_service import SITE, ArchiveService, archive_service

ARCHIVES, VIEWERS = "/api/v1/archives/", "/api/v1/workstations/"
PLAIN: dict[str, Any] = {"title": "Plain", "url": "https://viewer.test/open", "public": True}


@pytest.fixture
def service(tmp_path: Path) -> ArchiveService:
    return archive_service(tmp_path, default_viewer="plain")


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
