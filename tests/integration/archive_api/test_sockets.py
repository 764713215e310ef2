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


# --- segments


LUNG, NODULE, VESSEL = (
    {"name": name, "visible": True, "voxel_value": value}
    for value, name in enumerate(("lung", "nodule", "vessel"), 1)
)


@pytest.fixture
def root(service: ArchiveService) -> str:
    return service.people.add_person("root", administrator=True)


def a_mask(service: ArchiveService, root: str) -> str:
    sent = {"title": "Mask", "kind": "Segmentation", "overlay_segments": [LUNG, NODULE]}
    return f"{SOCKETS}{service.call('POST', SOCKETS, root, json=sent).json['pk']}/"


def test_segments_are_added_and_known_at_once(service: ArchiveService, root: str, editor: str) -> None:
    url = a_mask(service, root)
    known = service.library.sockets.get("mask")

    answer = service.call("PATCH", url, root, json={"overlay_segments": [LUNG, NODULE, VESSEL]})

    assert answer.json["overlay_segments"] == [LUNG, NODULE, VESSEL]
    assert service.call("GET", url, editor).json["overlay_segments"] == [LUNG, NODULE, VESSEL]
    now = service.library.sockets.get("mask")
    assert known is not None
    assert now is not None
    assert (known.voxel_values, now.voxel_values) == ({0, 1, 2}, {0, 1, 2, 3})


@pytest.mark.parametrize(
    "segments",
    [
        [],
        [LUNG],
        [NODULE, LUNG],
        [LUNG, NODULE | {"name": "other"}],
        [LUNG, NODULE, VESSEL | {"voxel_value": 4}],
    ],
)
def test_segments_that_values_may_have_stay(
    service: ArchiveService, root: str, segments: list[dict[str, object]]
) -> None:
    url = a_mask(service, root)

    answer = service.call("PATCH", url, root, json={"overlay_segments": segments})

    assert list(answer.json["errors"]) == ["overlay_segments"]
    assert service.call("GET", url, root).json["overlay_segments"] == [LUNG, NODULE]


def test_only_segmentations_get_segments_and_from_administrators(
    service: ArchiveService, root: str, editor: str
) -> None:
    url = a_mask(service, root)

    assert service.call("PATCH", f"{SOCKETS}1/", root, json={"overlay_segments": [LUNG]}).status_code == 400
    assert (
        service.call("PATCH", f"{SOCKETS}9999/", root, json={"overlay_segments": [LUNG]}).status_code == 404
    )
    assert service.call("PATCH", url, editor, json={"overlay_segments": [LUNG]}).status_code == 403


# --- schemas


@pytest.mark.parametrize(
    ("draft", "schema"),
    [
        ("03", {"type": "object", "properties": {"a": {"type": "string", "required": True}}}),
        ("04", {"type": "object", "required": ["a"], "minProperties": 1}),
        ("06", {"type": "object", "propertyNames": {"const": "a"}, "required": ["a"]}),
        ("07", {"if": {"type": "object"}, "then": {"required": ["a"]}, "else": False}),
    ],
)
def test_a_schema_is_read_as_the_draft_it_names(
    service: ArchiveService, root: str, draft: str, schema: dict[str, object]
) -> None:
    named = {"$schema": f"http://json-schema.org/draft-{draft}/schema#"} | schema
    sent = {"title": "Report", "kind": "Anything", "schema": named}

    good, bad = (
        service.call("POST", SOCKETS, root, json=sent | {"title": title, "default_value": value})
        for title, value in (("Good", {"a": "x"}), ("Bad", {}))
    )

    assert good.status_code == 201, good.text
    assert list(bad.json["errors"]) == ["default_value"]


def test_a_schema_of_another_draft_is_refused(service: ArchiveService, root: str) -> None:
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema"}

    answer = service.call("POST", SOCKETS, root, json={"title": "R", "kind": "Anything", "schema": schema})

    assert "draft-07" in answer.json["errors"]["schema"][0]
