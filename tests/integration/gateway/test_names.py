"""Names that permissions keeps and archive-api takes: of organisations and people, asked for over HTTP."""

from collections.abc import Iterator

import pytest

from tests.support.assembled_platform import AssembledPlatform, assembled_platform

ORGANISATIONS, VIEWERS = "/api/v1/organisations/", "/api/v1/workstations/"


@pytest.fixture(scope="module")
def platform() -> Iterator[AssembledPlatform]:
    with assembled_platform() as made:
        made.person("root", administrator=True)
        made.person("ann")
        yield made


def test_archives_are_found_by_the_present_name_of_an_organisation(platform: AssembledPlatform) -> None:
    organisation = platform.ok("POST", ORGANISATIONS, "root", json={"slug": "clinic", "title": "Clinic"})[
        "pk"
    ]
    linked = {"title": "Chest CT", "organizations": [f"{ORGANISATIONS}{organisation}/"]}
    archive = platform.ok("POST", "/api/v1/archives/", "ann", json=linked)["pk"]
    platform.ok("PATCH", f"{ORGANISATIONS}{organisation}/", "root", json={"title": "St. Mary's"})

    found = platform.ok("GET", "/api/v1/archives/?organization=St. Mary's", "ann")["results"]

    assert [each["pk"] for each in found] == [archive]
    assert platform.ok("GET", "/api/v1/archives/?organization=St. Mary's")["results"] == []


def test_a_viewer_names_people_there_are(platform: AssembledPlatform) -> None:
    viewer = {"title": "Reading room", "url": "https://viewer.test/", "users": ["Ann"]}

    made = platform.ok("POST", VIEWERS, "root", json=viewer)
    refused = platform.call("POST", VIEWERS, "root", json=viewer | {"users": ["nobody"]})

    assert made["users"] == ["ann"]
    assert (refused.status_code, list(refused.get_json()["errors"])) == (400, ["users"])
