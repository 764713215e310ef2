"""Files of values, pictures of archives and rows of tasks are removed once nothing uses them, and never before."""

import base64
from datetime import timedelta
from typing import Any

import pytest

from archive_api.domain.suspicion import suspicion_id
from archive_api.use_cases.sweep_media import sweep_media
from archive_shared.sweeping import Stage
from tests.support.archive_service import SITE, ArchiveService
from tests.support.pictures import a_picture
from tests.support.sockets import a_socket
from tests.support.sweeping import WEEK, sweep, sweep_for_a_month

ITEMS = "/api/v1/archives/items/"
PDF = b"%PDF-1.4 a report"


def keys(service: ArchiveService, prefix: str = "") -> list[str]:
    return [blob.key for blob in service.library.media_blobs.list(prefix)]


@pytest.fixture
def item(service: ArchiveService, editor: str, archive: str) -> str:
    """An item with a report."""
    a_socket(service, "Report", "PDF file")
    address = f"{SITE}/api/v1/archives/{archive}/"
    made: str = service.call("POST", ITEMS, editor, json={"archive": address}).json["api_url"]
    put_report(service, editor, made)
    return made


def put_report(service: ArchiveService, editor: str, item: str, content: bytes = PDF) -> int:
    upload = service.uploads.upload(editor, "a.pdf", content)
    values = [{"interface": "report", "user_upload": f"{SITE}/api/v1/uploads/{upload}/"}]
    return service.call("PATCH", item, editor, json={"values": values}).status_code


def test_d7_the_file_of_a_value_is_removed_after_the_value(
    service: ArchiveService, editor: str, item: str
) -> None:
    service.call("PATCH", item, editor, json={"removed": ["report"]})

    sweep_for_a_month(service)

    assert keys(service, "values/") == []


def test_a_file_that_is_used_stays(service: ArchiveService, item: str) -> None:
    sweep_for_a_month(service)

    assert len(keys(service, "values/")) == 1


def test_a_file_stays_as_long_as_its_deleted_item_can_be_restored(
    service: ArchiveService, editor: str, item: str
) -> None:
    service.call("DELETE", item, editor)
    for _ in range(9):
        service.clock.advance(days=3)
        sweep(service)

    assert service.call("POST", f"{item}restore/", editor, json={}).status_code == 200
    assert len(keys(service, "values/")) == 1
    sweep_for_a_month(service)
    assert len(keys(service, "values/")) == 1


def test_equal_files_are_stored_once_and_stay_until_the_last_value_is_gone(
    service: ArchiveService, editor: str, archive: str, item: str
) -> None:
    address = f"{SITE}/api/v1/archives/{archive}/"
    other = service.call("POST", ITEMS, editor, json={"archive": address}).json["api_url"]
    put_report(service, editor, other)
    assert len(keys(service, "values/")) == 1

    service.call("PATCH", item, editor, json={"removed": ["report"]})
    sweep_for_a_month(service)
    assert len(keys(service, "values/")) == 1

    service.call("PATCH", other, editor, json={"removed": ["report"]})
    sweep_for_a_month(service)
    assert keys(service, "values/") == []


def test_a_file_that_is_suspected_stays_when_it_is_used_again(
    service: ArchiveService, editor: str, item: str
) -> None:
    service.call("PATCH", item, editor, json={"removed": ["report"]})
    sweep_for_a_week(service)
    [key] = keys(service, "values/")
    suspected = service.library.suspicions.require(suspicion_id(key)).since

    assert put_report(service, editor, item) == 200

    assert service.library.suspicions.require(suspicion_id(key)).since > suspected
    sweep_for_a_month(service)
    assert keys(service, "values/") == [key]
    assert service.library.suspicions.get(suspicion_id(key)) is None


def sweep_for_a_week(service: ArchiveService) -> None:
    """Suspect everything that is unused now."""
    before = len(service.library.suspicions.find())
    while len(service.library.suspicions.find()) == before:
        service.clock.advance(days=8)
        sweep(service)


def test_a_file_that_is_being_removed_is_not_taken_again_until_it_is(
    service: ArchiveService, editor: str, item: str
) -> None:
    service.call("PATCH", item, editor, json={"removed": ["report"]})
    sweep_for_a_week(service)
    [key] = keys(service, "values/")

    def begin(present: Any) -> None:
        present.removing = True

    service.library.suspicions.change(suspicion_id(key), begin)  # a sweep that died here

    assert put_report(service, editor, item) == 503
    sweep(service)
    assert keys(service, "values/") == []
    assert put_report(service, editor, item) == 200
    assert keys(service, "values/") == [key]


def test_replaced_pictures_are_removed_and_present_ones_stay(service: ArchiveService, editor: str) -> None:
    def picture(width_px: int) -> str:
        return base64.b64encode(a_picture(width_px, width_px)).decode()

    sent = {"title": "Chest CT", "logo": picture(640)}
    card = service.call("POST", "/api/v1/archives/", editor, json=sent).json
    first = keys(service, "logos/")
    service.call("PATCH", card["api_url"], editor, json={"logo": picture(704)})
    second = set(keys(service, "logos/")) - set(first)
    assert second

    sweep_for_a_month(service)

    assert set(keys(service, "logos/")) == second
    assert service.call("GET", card["api_url"], editor).json["logo"]


def test_the_rows_of_a_task_that_is_done_are_removed(
    service: ArchiveService, editor: str, archive: str
) -> None:
    address = f"{SITE}/api/v1/archives/{archive}/"
    rows = {"archive": address, "rows": [{"operation": "create", "title": "a"}]}
    service.call("POST", f"{ITEMS}bulk/", editor, json=rows)

    list(sweep_media(service.library, unused_for=WEEK, dry_run=False))  # nothing was done of it yet
    assert len(keys(service, "tasks/")) == 1
    service.settle()
    sweep_for_a_month(service)

    assert keys(service, "tasks/") == []


def test_what_is_left_of_a_plan_for_a_download_is_removed_and_a_plan_stays_until_it_is_over(
    service: ArchiveService, editor: str, archive: str, item: str
) -> None:
    planned = service.call("POST", f"/api/v1/archives/{archive}/downloads/", editor, json={})
    assert planned.status_code == 201, planned.text
    later = service.clock.time + timedelta(days=90)
    service.library.downloads.change(planned.json["pk"], lambda each: setattr(each, "expires_at", later))
    present = keys(service, "downloads/")
    service.library.media_blobs.put("downloads/died/plan/000000.json", b"[]")

    sweep_for_a_month(service)
    assert keys(service, "downloads/") == present

    service.clock.advance(days=90)
    sweep(service)
    assert keys(service, "downloads/") == []


def test_answers_to_repeated_requests_are_forgotten_after_a_week(
    service: ArchiveService, editor: str
) -> None:
    sent = {"json": {"title": "Once"}, "headers": {"Idempotency-Key": "k"}}
    first = service.call("POST", "/api/v1/archives/", editor, **sent).json
    service.clock.advance(days=8)
    sweep(service)

    again = service.call("POST", "/api/v1/archives/", editor, **sent)

    assert again.status_code == 201
    assert again.json["pk"] == first["pk"]


def test_what_other_services_keep_in_the_bucket_is_left_alone(service: ArchiveService) -> None:
    service.library.media_blobs.put("previews/x/1", b"a preview of the tiler's")

    sweep_for_a_month(service)

    assert keys(service) == ["previews/x/1"]


def test_a_dry_run_removes_and_notes_nothing(service: ArchiveService, editor: str, item: str) -> None:
    service.call("PATCH", item, editor, json={"removed": ["report"]})
    sweep_for_a_week(service)
    service.clock.advance(days=8)
    before = service.library.suspicions.find()

    [found] = sweep(service, dry_run=True)

    assert (found.stage, found.name) == (Stage.DUE, f"media/{keys(service, 'values/')[0]}")
    assert service.library.suspicions.find() == before


def test_files_of_items_that_older_versions_stored_are_known_before_anything_is_removed(
    service: ArchiveService, item: str
) -> None:
    [document] = service.api.documents.find("items")
    old = {name: value for name, value in document.items() if not name.startswith("kept")}
    service.api.documents.save("items", old)

    sweep_for_a_month(service)

    assert len(keys(service, "values/")) == 1
