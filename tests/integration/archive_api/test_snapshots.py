"""Versions of an archive: what they hold stays, whatever becomes of the items, and who sees them."""

import json
from typing import Any

import pytest

from archive_api.domain import snapshot
from archive_api.domain.item import Item
from archive_api.domain.snapshot import LARGEST_PAGE_BYTES, SnapshotPage, page_id
from archive_api.use_cases import delete_archive as use_deletion
from archive_api.use_cases import take_snapshot
from archive_shared.events import ImageDeleted, TaskDue
from archive_shared.identifiers import new_id
from tests.support.archive_service import SITE, Answer, ArchiveService
from tests.support.imports import SOCKET, an_import
from tests.support.sockets import a_socket
from tests.support.sweeping import sweep, sweep_for_a_month

ITEMS = "/api/v1/archives/items/"


def at(archive: str, what: str = "snapshots/") -> str:
    return f"/api/v1/archives/{archive}/{what}"


def take(service: ArchiveService, token: str, archive: str, **more: Any) -> dict[str, Any]:
    answer = service.call("POST", at(archive), token, json=more)
    assert answer.status_code == 201, answer.text
    taken: dict[str, Any] = answer.json
    return taken


def items_in(service: ArchiveService, token: str, version: dict[str, Any], query: str = "") -> list[Any]:
    found: list[Any] = service.call("GET", f"{version['api_url']}items/{query}", token).json["results"]
    return found


def manifest_of(service: ArchiveService, token: str, version: dict[str, Any]) -> list[dict[str, Any]]:
    text = service.call("GET", f"{version['api_url']}manifest/", token).text
    return [json.loads(line) for line in text.splitlines()]


@pytest.fixture
def item(service: ArchiveService, editor: str, archive: str) -> dict[str, Any]:
    """An item with an image, a score and a report."""
    a_socket(service, "Score", "Float")
    a_socket(service, "Report", "PDF file")
    event = an_import("ct.mha", archive=archive, image=new_id())
    service.library.image_blobs.put(event.files[0].key, b"pixels")
    service.hear(event)
    [made] = service.call("GET", f"{ITEMS}?archive={archive}", editor).json["results"]
    upload = service.uploads.upload(editor, "a.pdf", b"%PDF-1.4 a report")
    values = [
        {"interface": "score", "value": 0.5},
        {"interface": "report", "user_upload": f"{SITE}/api/v1/uploads/{upload}/"},
    ]
    changed: dict[str, Any] = change(service, editor, made["api_url"], values=values).json
    return changed


def change(service: ArchiveService, token: str, item: str, **sent: Any) -> Answer:
    answer = service.call("PATCH", item, token, json=sent)
    assert answer.status_code == 200, answer.text
    service.settle()
    return answer


def test_a_version_tells_items_values_and_digests(
    service: ArchiveService, editor: str, archive: str, item: dict[str, Any]
) -> None:
    citation = {
        "title": "Release 1",
        "citation": "Doe et al., Chest CT, 2026",
        "doi": "https://doi.org/10.5281/ZENODO.1234",
        "licence": "CC-BY-4.0",
    }
    taken = take(service, editor, archive, **citation)

    assert (taken["number"], taken["title"], taken["item_count"]) == (1, "Release 1", 1)
    assert (taken["doi"], taken["licence"]) == ("10.5281/zenodo.1234", "CC-BY-4.0")
    assert len(taken["sha256"]) == 64
    [frozen] = items_in(service, editor, taken)
    assert (frozen["item"], frozen["title"]) == (item["pk"], "ct.mha")
    assert [value["pk"] for value in frozen["values"]] == sorted_pks(item, frozen)
    by_socket = {value["interface"]: value for value in manifest_of(service, editor, taken)}
    assert by_socket["score"]["value"] == 0.5
    assert by_socket[SOCKET]["sha256"] == "cd" * 32
    assert by_socket[SOCKET]["files"][0]["sha256"] == "ab" * 32
    assert by_socket["report"]["file"].endswith("/a.pdf")


def sorted_pks(item: dict[str, Any], frozen: dict[str, Any]) -> list[int]:
    """Return the identifiers of an item's values in the order of a frozen one's."""
    by_socket = {value["interface"]: value["pk"] for value in item["values"]}
    return [by_socket[value["interface"]] for value in frozen["values"]]


def test_d16_a_version_stays_as_it_was_when_its_items_change_and_go(
    service: ArchiveService, editor: str, archive: str, item: dict[str, Any]
) -> None:
    user = service.people.add_person("user")
    service.people.give(user, "user", archive)
    taken = take(service, editor, archive)
    before = items_in(service, editor, taken), manifest_of(service, editor, taken)

    change(service, editor, item["api_url"], title="other", values=[{"interface": "score", "value": 1}])
    change(service, editor, item["api_url"], removed=[SOCKET, "report"])
    service.call("DELETE", item["api_url"], editor)
    service.settle()
    sweep_for_a_month(service)

    assert (items_in(service, user, taken), manifest_of(service, user, taken)) == before
    assert not [event for event in service.announced() if isinstance(event, ImageDeleted)]
    files = {each["interface"]: each for each in manifest_of(service, user, taken)}
    assert service.call("GET", files[SOCKET]["image"], user).status_code == 200
    assert service.call("GET", files[SOCKET]["files"][0]["file"], user).status_code == 302
    report = service.call("GET", files["report"]["file"], user)
    assert report.status_code == 302
    key = report.headers["Location"].split("/blobs/media/")[1].split("?")[0]
    assert service.library.media_blobs.read(key) == b"%PDF-1.4 a report"


def test_equal_contents_have_equal_digests_and_others_do_not(
    service: ArchiveService, editor: str, archive: str, item: dict[str, Any]
) -> None:
    first, second = (take(service, editor, archive) for _ in range(2))
    change(service, editor, item["api_url"], title="other")
    third = take(service, editor, archive)

    assert [each["number"] for each in (first, second, third)] == [1, 2, 3]
    assert first["sha256"] == second["sha256"] != third["sha256"]
    listed = service.call("GET", at(archive), editor).json
    assert [each["number"] for each in listed["results"]] == [3, 2, 1]


def test_a_version_under_embargo_is_for_editors_until_its_day_comes(
    service: ArchiveService, editor: str, archive: str, item: dict[str, Any]
) -> None:
    user = service.people.add_person("user")
    service.people.give(user, "user", archive)
    taken = take(service, editor, archive, embargo_until="2026-12-01")
    image = next(value["image"] for value in item["values"] if value["image"])
    service.call("DELETE", item["api_url"], editor)
    service.settle()

    for path in (taken["api_url"], f"{taken['api_url']}items/", f"{taken['api_url']}manifest/", image):
        assert service.call("GET", path, user).status_code == 404
        assert service.call("GET", path, editor).status_code == 200
    assert service.call("GET", at(archive), user).json["count"] == 0

    service.clock.advance(days=10)
    assert service.call("GET", taken["api_url"], user).status_code == 200
    assert service.call("GET", image, user).status_code == 200
    assert service.call("GET", at(archive), user).json["count"] == 1


def test_only_its_citation_can_be_changed_and_a_doi_stays(
    service: ArchiveService, editor: str, archive: str
) -> None:
    taken = take(service, editor, archive)
    path = taken["api_url"]

    changed = service.call("PATCH", path, editor, json={"doi": "10.5281/zenodo.1", "licence": "CC0-1.0"}).json
    assert changed == taken | {
        "doi": "10.5281/zenodo.1",
        "doi_url": "https://doi.org/10.5281/zenodo.1",
        "licence": "CC0-1.0",
    }
    assert service.call("PATCH", path, editor, json={"doi": ""}).status_code == 400
    assert service.call("PATCH", path, editor, json={"doi": "10.5281/zenodo.2"}).status_code == 400
    assert service.call("PATCH", path, editor, json={"sha256": "x"}).status_code == 400
    assert service.call("PATCH", path, editor, json={"title": "x"}).status_code == 400
    assert service.call("PATCH", path, editor, json={"embargo_until": "soon"}).status_code == 400


def test_an_archive_that_may_be_cited_is_not_deleted(
    service: ArchiveService, editor: str, archive: str
) -> None:
    take(service, editor, archive, doi="10.5281/zenodo.1")
    code = service.call("POST", at(archive, "deletion/"), editor, json={}).json["confirmation"]

    refused = service.call("DELETE", at(archive, ""), editor, json={"confirmation": code})

    assert refused.status_code == 409
    assert "DOI" in refused.json["detail"]


def test_the_versions_of_a_deleted_archive_go_with_all_they_hold(
    service: ArchiveService, editor: str, archive: str, item: dict[str, Any]
) -> None:
    taken = take(service, editor, archive)
    code = service.call("POST", at(archive, "deletion/"), editor, json={}).json["confirmation"]
    gone = service.call("DELETE", at(archive, ""), editor, json={"confirmation": code})
    assert gone.status_code == 204
    service.settle()

    assert service.call("GET", taken["api_url"], editor).status_code == 404
    sweep_for_a_month(service)

    assert service.library.snapshot_pages.find() == []
    assert service.library.images.find() == []


def delete_archive(service: ArchiveService, editor: str, archive: str) -> None:
    """Delete an archive, and let everything be heard."""
    code = service.call("POST", at(archive, "deletion/"), editor, json={}).json["confirmation"]
    service.call("DELETE", at(archive, ""), editor, json={"confirmation": code})
    service.settle()


def test_a_version_made_while_its_archive_is_deleted_goes_with_it(
    service: ArchiveService, editor: str, archive: str, item: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def deleted_meanwhile(*frozen: Any) -> bool:
        goes_on = freeze_page(*frozen)
        if not goes_on:
            delete_archive(service, editor, archive)
        return goes_on

    freeze_page = take_snapshot._freeze_page
    monkeypatch.setattr(take_snapshot, "_freeze_page", deleted_meanwhile)

    assert service.call("POST", at(archive), editor, json={}).status_code == 404

    assert service.library.snapshots.find() == []
    sweep_for_a_month(service)
    assert service.library.images.find() == []


def test_a_version_whose_maker_died_while_its_archive_was_deleted_is_swept(
    service: ArchiveService, editor: str, archive: str, item: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    take(service, editor, archive)
    monkeypatch.setattr(use_deletion, "drop_snapshots_of", lambda *_: None)
    delete_archive(service, editor, archive)

    sweep_for_a_month(service)

    assert service.library.snapshots.find() == []
    assert service.library.images.find() == []


def test_the_same_request_sent_again_makes_one_version(
    service: ArchiveService, editor: str, archive: str
) -> None:
    sent = {"json": {"title": "one"}, "headers": {"Idempotency-Key": "k"}}
    first, second = (service.call("POST", at(archive), editor, **sent).json for _ in range(2))

    assert first == second
    assert service.call("GET", at(archive), editor).json["count"] == 1


def test_a_large_version_is_kept_in_several_pages_and_read_from_any_place(
    service: ArchiveService, editor: str, archive: str
) -> None:
    a_socket(service, "Text", "String")
    address = f"{SITE}/api/v1/archives/{archive}/"
    for number in range(12):
        value = {"interface": "text", "value": str(number) * (LARGEST_PAGE_BYTES // 5)}
        sent = {"archive": address, "title": f"{number:02}", "values": [value]}
        assert service.call("POST", ITEMS, editor, json=sent).status_code == 201

    taken = take(service, editor, archive)

    assert len(service.library.snapshot_pages.find()) == 3
    titles = [f"{number:02}" for number in range(12)]
    assert [each["title"] for each in items_in(service, editor, taken)] == titles
    for offset in (0, 4, 5, 6, 11, 12):
        found = items_in(service, editor, taken, f"?limit=3&offset={offset}")
        assert [each["title"] for each in found] == titles[offset : offset + 3]


@pytest.fixture
def many(service: ArchiveService, archive: str, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Seven items, which are too many for a version to be made at once, and are put on four pages."""
    monkeypatch.setattr(take_snapshot, "MOST_AT_ONCE", 3)
    monkeypatch.setattr(snapshot, "MOST_ENTRIES", 2)
    titles = [f"case {number}" for number in range(7)]
    for title in titles:
        item = Item.create(id=new_id(), archive=archive, title=title, at=service.library.clock.now())
        service.library.items.add(item)
    return titles


def begin(service: ArchiveService, token: str, archive: str, **more: Any) -> dict[str, Any]:
    answer = service.call("POST", at(archive), token, json=more)
    assert answer.status_code == 202, answer.text
    task: dict[str, Any] = answer.json
    return task


def hear_step(service: ArchiveService, task: dict[str, Any], step: int) -> dict[str, Any]:
    service.hear(TaskDue(task=task["pk"], step=step))
    shown: dict[str, Any] = service.call("GET", task["api_url"], "token-editor").json
    return shown


def test_a_version_of_a_large_archive_is_made_by_a_task_that_shows_how_far_it_is(
    service: ArchiveService, editor: str, archive: str, many: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    task = begin(service, editor, archive, title="Release 1")

    shown = [hear_step(service, task, step) for step in range(5)]
    hear_step(service, task, 4)

    progress = [(each["state"], each["done"], each["total"], each["made"]) for each in shown]
    address = f"{SITE}/api/v1/archives/snapshots/{task['pk']}/"
    assert progress == [
        ("running", 2, 7, None),
        ("running", 4, 7, None),
        ("running", 6, 7, None),
        ("running", 7, 7, None),
        ("done", 7, 7, address),
    ]
    made = service.call("GET", address, editor).json
    assert (made["number"], made["title"], made["item_count"]) == (1, "Release 1", 7)
    assert [each["title"] for each in items_in(service, editor, made)] == many
    assert service.library.snapshot_drafts.find() == []
    monkeypatch.setattr(take_snapshot, "MOST_AT_ONCE", 100)
    monkeypatch.setattr(snapshot, "MOST_ENTRIES", 3)
    assert take(service, editor, archive)["sha256"] == made["sha256"]


def test_steps_of_a_version_that_are_done_again_or_at_once_agree_on_what_is_in_it(
    service: ArchiveService, editor: str, archive: str, many: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    task = begin(service, editor, archive)
    hear_step(service, task, 0)
    items = service.call("GET", f"{ITEMS}?archive={archive}", editor).json["results"]
    with monkeypatch.context() as dying:
        dying.setattr(service.library.snapshot_drafts, "save", _die)
        with pytest.raises(ZeroDivisionError):
            service.hear(TaskDue(task=task["pk"], step=1))
    for item in items:
        service.call("PATCH", item["api_url"], editor, json={"title": f"new {item['title']}"})
    service.settle()

    made = service.call("GET", f"{SITE}/api/v1/archives/snapshots/{task['pk']}/", editor).json
    titles = [each["title"] for each in items_in(service, editor, made)]
    assert titles == [*many[:4], *(f"new {title}" for title in many[4:])]
    assert [each["title"] for each in items_in(service, editor, made, "?offset=3&limit=2")] == titles[3:5]


def _die(*_: object) -> None:
    raise ZeroDivisionError


def test_a_version_that_cannot_be_made_says_why_and_leaves_nothing(
    service: ArchiveService, editor: str, archive: str, many: list[str]
) -> None:
    refused = begin(service, editor, archive)
    hear_step(service, refused, 0)
    service.people.give(editor, "uploader", archive)
    service.settle()
    service.people.give(editor, "editor", archive)
    event = an_import("slide.svs", archive=archive, image=new_id())
    service.hear(event)
    image = service.library.images.require(event.image)
    image.pixels_sha256 = ""
    service.library.images.save(image)
    unsettled = begin(service, editor, archive)
    service.settle()

    shown = [service.call("GET", task["api_url"], editor).json for task in (refused, unsettled)]

    assert [(each["state"], each["failed"], each["made"]) for each in shown] == [
        ("done", 7, None),
        ("done", 8, None),
    ]
    assert shown[0]["errors"][0]["reasons"] == ["You may not do this any more."]
    assert "still being converted" in shown[1]["errors"][0]["reasons"][0]
    assert service.call("GET", at(archive), editor).json["count"] == 0
    service.clock.advance(days=2)
    sweep(service)
    assert service.library.snapshot_pages.find() == []


def test_pages_of_a_version_that_takes_days_to_make_are_kept(
    service: ArchiveService, editor: str, archive: str, many: list[str]
) -> None:
    task = begin(service, editor, archive)
    hear_step(service, task, 0)

    service.clock.advance(days=2)
    sweep(service)
    service.settle()

    made = service.call("GET", f"{SITE}/api/v1/archives/snapshots/{task['pk']}/", editor).json
    assert len(items_in(service, editor, made)) == 7


@pytest.mark.parametrize(
    "doi", ["2401.01234", "arXiv:2401.01234v2", "https://arxiv.org/abs/2401.01234", "10.5"]
)
def test_the_doi_of_a_version_is_one(service: ArchiveService, editor: str, archive: str, doi: str) -> None:
    answer = service.call("POST", at(archive), editor, json={"doi": doi})

    assert (answer.status_code, answer.json["errors"]) == (400, {"doi": ["Must be a DOI."]})


def test_a_version_of_an_empty_archive_is_empty(service: ArchiveService, editor: str, archive: str) -> None:
    taken = take(service, editor, archive)

    assert taken["item_count"] == 0
    assert items_in(service, editor, taken) == []


def test_no_version_is_made_while_a_slide_is_being_converted(
    service: ArchiveService, editor: str, archive: str
) -> None:
    event = an_import("slide.svs", archive=archive, image=new_id())
    service.hear(event)
    image = service.library.images.require(event.image)
    image.pixels_sha256 = ""  # of a slide nobody has decoded
    service.library.images.save(image)

    refused = service.call("POST", at(archive), editor, json={})

    assert refused.status_code == 409
    assert "still being converted" in refused.json["detail"]


def test_what_an_attempt_that_died_had_frozen_is_removed_after_a_day(
    service: ArchiveService, editor: str, archive: str, item: dict[str, Any]
) -> None:
    kept = take(service, editor, archive)
    died = SnapshotPage(
        id=page_id(new_id(), 0), attempt=new_id(), entries=[], holds=[], created_at=service.clock.now()
    )
    service.library.snapshot_pages.add(died)

    sweep(service)
    assert service.library.snapshot_pages.get(died.id) is not None
    service.clock.advance(days=2)
    sweep(service)

    assert service.library.snapshot_pages.get(died.id) is None
    assert len(items_in(service, editor, kept)) == 1
