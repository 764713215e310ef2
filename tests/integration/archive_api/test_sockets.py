"""Sockets over HTTP, and the public client's first question."""

import pytest

from tests.support.archive_service import ArchiveService

SOCKETS = "/api/v1/components/interfaces/"
KEYS = {
    "pk",
    "slug",
    "title",
    "description",
    "kind",
    "super_kind",
    "schema",
    "default_value",
    "relative_path",
    "overlay_segments",
    "look_up_table",
    "example_value",
    "example_note",
}


def test_the_built_in_sockets_are_listed(service: ArchiveService, editor: str) -> None:
    page = service.call("GET", SOCKETS, editor).json

    assert [(each["slug"], each["kind"], each["super_kind"]) for each in page["results"]] == [
        ("generic-medical-image", "Image", "Image"),
        ("generic-overlay", "Heat Map", "Image"),
    ]
    assert all(each.keys() == KEYS for each in page["results"])
    assert len({each["relative_path"] for each in page["results"]}) == page["count"] == 2


@pytest.mark.parametrize(("slug", "count"), [("generic-overlay", 1), ("cancer-score", 0), ("", 0)])
def test_a_socket_is_found_by_its_slug(service: ArchiveService, editor: str, slug: str, count: int) -> None:
    page = service.call("GET", f"{SOCKETS}?slug={slug}&offset=0&limit=100", editor).json

    assert [each["slug"] for each in page["results"]] == [slug] * count


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("OVER", ["generic-overlay"]),
        ("heat generic", ["generic-overlay"]),
        ("generic", ["generic-medical-image", "generic-overlay"]),
        ("photograph", ["generic-medical-image"]),
        ("overlay photograph", []),
        ("", ["generic-medical-image", "generic-overlay"]),
    ],
)
def test_sockets_are_found_by_beginnings_of_words(
    service: ArchiveService, editor: str, search: str, found: list[str]
) -> None:
    page = service.call("GET", f"{SOCKETS}?search={search}", editor).json

    assert [each["slug"] for each in page["results"]] == found


def test_pages_of_sockets(service: ArchiveService, editor: str) -> None:
    first = service.call("GET", f"{SOCKETS}?limit=1", editor).json
    second = service.call("GET", first["next"], editor).json

    assert [first["results"][0]["pk"], second["results"][0]["pk"]] == [1, 2]
    assert service.call("GET", f"{SOCKETS}?offset=100", editor).json["results"] == []


@pytest.mark.parametrize(
    ("pk", "status"), [("1", 200), ("3", 404), ("99999999999999999999", 404), ("x", 404)]
)
def test_a_socket_is_found_by_its_number(service: ArchiveService, editor: str, pk: str, status: int) -> None:
    assert service.call("GET", f"{SOCKETS}{pk}/", editor).status_code == status


def test_the_public_client_is_told_its_versions_without_a_token(service: ArchiveService) -> None:
    answer = service.call("GET", "/api/v1/gcapi/")

    assert answer.json == {"latest_version": "0.16.1", "lowest_supported_version": "0.15.0"}
    assert answer.headers["Content-Type"] == "application/json"
    assert "Set-Cookie" not in answer.headers


def test_the_service_says_when_it_is_ready(service: ArchiveService) -> None:
    assert service.call("GET", "/readyz").json == {
        "status": "ok",
        "checks": {"documents": "ok", "blobs": "ok"},
    }
