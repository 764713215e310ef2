"""Images nothing refers to are removed, and announced as gone; nothing that is referred to ever is."""

from collections.abc import Sequence
from typing import Any

import pytest

from archive_api.domain.item import Item
from archive_api.domain.value import Value
from archive_api.entrypoints.handlers import HANDLERS
from archive_api.use_cases import sweep_images
from archive_api.use_cases.library import Library
from archive_api.use_cases.references import referred_images
from archive_shared.events import ImageDeleted, PreviewReady, TilesFailed, TilesReady
from archive_shared.identifiers import new_id
from archive_shared.sweeping import Stage
from tests.support.archive_service import SITE, ArchiveService
from tests.support.imports import SOCKET, an_import
from tests.support.sweeping import sweep, sweep_for_a_month

ITEMS = "/api/v1/archives/items/"


def arrived(service: ArchiveService, archive: str | None = None, **more: Any) -> str:
    event = an_import(archive=archive, image=new_id(), **more)
    service.hear(event)
    service.settle()
    return event.image


def item_of(service: ArchiveService, editor: str, archive: str) -> dict[str, Any]:
    [item] = service.call("GET", f"{ITEMS}?archive={archive}", editor).json["results"]
    found: dict[str, Any] = item
    return found


def is_there(service: ArchiveService, image: str) -> bool:
    return service.library.images.get(image) is not None


def image_url(image: str) -> str:
    return f"{SITE}/api/v1/cases/images/{image}/"


def gone(service: ArchiveService) -> list[str]:
    return [event.image for event in service.announced() if isinstance(event, ImageDeleted)]


def test_d7_an_image_that_no_item_holds_any_more_is_removed_and_announced_once(
    service: ArchiveService, editor: str, archive: str
) -> None:
    image = arrived(service, archive)
    service.hear(PreviewReady(image=image))
    item = item_of(service, editor, archive)
    service.call("PATCH", item["api_url"], editor, json={"removed": [SOCKET]})
    service.settle()

    sweep_for_a_month(service)

    assert gone(service) == [image]
    assert not is_there(service, image)
    assert service.library.renderings.get(image) is None
    assert service.call("GET", image_url(image), editor).status_code == 404


def test_an_image_that_was_never_placed_is_removed_after_its_grace_period(service: ArchiveService) -> None:
    image = arrived(service)

    service.clock.advance(days=6)
    assert sweep(service) == []
    service.clock.advance(days=2)
    assert [each.stage for each in sweep(service)] == [Stage.WAITING]
    service.clock.advance(minutes=30)
    assert [each.stage for each in sweep(service)] == [Stage.WAITING]
    service.clock.advance(hours=1)
    assert [each.stage for each in sweep(service)] == [Stage.REMOVED]
    assert not is_there(service, image)


def test_an_image_stays_as_long_as_any_item_holds_it(
    service: ArchiveService, editor: str, archive: str
) -> None:
    image, other = arrived(service, archive), service.archive(editor=editor)
    item = item_of(service, editor, archive)
    copied = {"archive": f"{SITE}/api/v1/archives/{other}/"}
    assert service.call("POST", f"{item['api_url']}copy/", editor, json=copied).status_code == 201
    service.call("DELETE", item["api_url"], editor)
    service.settle()

    sweep_for_a_month(service)

    assert is_there(service, image)


def test_the_images_of_a_deleted_item_stay_as_long_as_it_can_be_restored(
    service: ArchiveService, editor: str, archive: str
) -> None:
    image = arrived(service, archive)
    item = item_of(service, editor, archive)
    service.call("DELETE", item["api_url"], editor)
    service.settle()

    for _ in range(9):
        service.clock.advance(days=3)
        sweep(service)
    assert service.call("POST", f"{item['api_url']}restore/", editor, json={}).status_code == 200
    service.settle()
    sweep_for_a_month(service)

    assert is_there(service, image)
    assert service.call("GET", image_url(image), editor).status_code == 200


def test_the_images_of_an_item_deleted_for_good_are_removed(
    service: ArchiveService, editor: str, archive: str
) -> None:
    image = arrived(service, archive)
    service.call("DELETE", item_of(service, editor, archive)["api_url"], editor)
    service.settle()

    sweep_for_a_month(service)

    assert gone(service) == [image]


def test_an_item_deleted_for_good_holds_nothing_of_anybody_and_cannot_come_back(
    service: ArchiveService, editor: str, archive: str
) -> None:
    event = an_import("patient-doe.mha", archive=archive, image=new_id())
    service.hear(event)
    item = item_of(service, editor, archive)
    service.call("DELETE", item["api_url"], editor)
    service.settle()

    sweep_for_a_month(service)

    assert "doe" not in str(service.library.items.require(item["pk"]).title)
    assert service.library.items.require(item["pk"]).by_socket == {}
    restored = service.call("POST", f"{item['api_url']}restore/", editor, json={})
    assert restored.status_code == 409
    service.hear(event)
    assert service.call("GET", f"{ITEMS}?archive={archive}", editor).json["count"] == 0


def test_d20_nothing_is_left_of_a_deleted_archive(service: ArchiveService, editor: str, archive: str) -> None:
    image = arrived(service, archive)
    path = f"/api/v1/archives/{archive}/"
    code = service.call("POST", f"{path}deletion/", editor, json={}).json["confirmation"]
    assert service.call("DELETE", path, editor, json={"confirmation": code}).status_code == 204
    service.settle()

    sweep_for_a_month(service)

    assert gone(service) == [image]


def test_d36_an_image_that_found_no_place_is_removed(service: ArchiveService, archive: str) -> None:
    image = arrived(service, item=new_id())

    sweep_for_a_month(service)

    assert gone(service) == [image]


def test_an_image_that_is_leaving_stays_when_somebody_puts_it_into_an_item(
    service: ArchiveService, editor: str, archive: str
) -> None:
    image = arrived(service, creator="user-editor")
    made = service.call("POST", ITEMS, editor, json={"archive": f"{SITE}/api/v1/archives/{archive}/"}).json
    service.clock.advance(days=8)
    [leaving] = sweep(service)
    assert leaving.stage is Stage.WAITING
    assert service.library.images.require(image).leaving_since is not None

    sent = {"values": [{"interface": SOCKET, "image": image_url(image)}]}
    assert service.call("PATCH", made["api_url"], editor, json=sent).status_code == 200

    assert service.library.images.require(image).leaving_since is None
    sweep_for_a_month(service)
    assert is_there(service, image)


def test_an_image_survives_an_item_that_is_written_between_two_sweeps_and_not_indexed_yet(
    service: ArchiveService, archive: str
) -> None:
    image = arrived(service)
    service.clock.advance(days=8)
    sweep(service)
    service.clock.advance(hours=2)
    now = service.library.clock.now()
    value = Value(socket=SOCKET, image=image)
    service.library.items.add(Item.create(id=new_id(), archive=archive, title="", values=[value], at=now))

    list(sweep(service))

    assert is_there(service, image)


def test_an_image_that_is_gone_cannot_be_put_into_an_item(
    service: ArchiveService, editor: str, archive: str
) -> None:
    image = arrived(service, creator="user-editor")
    made = service.call("POST", ITEMS, editor, json={"archive": f"{SITE}/api/v1/archives/{archive}/"}).json

    def go(present: Any) -> None:
        present.gone = True

    service.library.images.change(image, go)  # a sweep died before it announced that
    sent = {"values": [{"interface": SOCKET, "image": image_url(image)}]}
    assert service.call("PATCH", made["api_url"], editor, json=sent).status_code == 400


def test_a_sweep_finishes_what_one_that_died_had_begun(service: ArchiveService) -> None:
    image = arrived(service)
    service.clock.advance(days=8)

    def go(present: Any) -> None:
        present.leaving_since, present.gone = service.clock.now(), True

    service.library.images.change(image, go)
    sweep(service)

    assert gone(service) == [image]
    assert not is_there(service, image)


def test_an_import_delivered_again_does_not_bring_a_removed_image_back(
    service: ArchiveService, editor: str, archive: str
) -> None:
    event = an_import(archive=archive, image=new_id())
    service.hear(event)
    service.call("DELETE", item_of(service, editor, archive)["api_url"], editor)
    service.settle()
    sweep_for_a_month(service)

    service.hear(event)
    for own in service.announced():
        if type(own) in HANDLERS:
            service.hear(own)  # a replay of the whole log

    assert not is_there(service, event.image)
    assert gone(service) == [event.image]


def test_what_the_tiler_says_late_or_again_of_a_removed_image_leaves_nothing(service: ArchiveService) -> None:
    event = an_import(image=new_id())
    service.hear(event)
    sweep_for_a_month(service)
    assert gone(service) == [event.image]

    for late in (
        PreviewReady(image=event.image),
        TilesReady(image=event.image, levels=3),
        TilesFailed(image=event.image, reason="Too odd."),
    ):
        service.hear(late)

    assert service.library.renderings.get(event.image) is None


def test_a_dry_run_tells_what_would_be_removed_and_removes_nothing(service: ArchiveService) -> None:
    image = arrived(service)
    service.clock.advance(days=8)

    assert [(each.name, each.stage) for each in sweep(service, dry_run=True)] == [(image, Stage.WAITING)]
    assert service.library.images.require(image).leaving_since is None
    sweep(service)
    service.clock.advance(hours=2)
    assert [(each.name, each.stage) for each in sweep(service, dry_run=True)] == [(image, Stage.DUE)]
    assert is_there(service, image)


@pytest.mark.parametrize("operation", ["create", "edit"])
def test_a_task_whose_image_was_removed_meanwhile_says_so(
    service: ArchiveService, editor: str, archive: str, operation: str
) -> None:
    image = arrived(service, creator="user-editor")
    address = f"{SITE}/api/v1/archives/{archive}/"
    made = service.call("POST", ITEMS, editor, json={"archive": address, "title": "old"}).json
    row: dict[str, Any] = {
        "operation": operation,
        "values": [{"interface": SOCKET, "image": image_url(image)}],
        **({"item": made["api_url"]} if operation == "edit" else {}),
    }
    task = service.call("POST", f"{ITEMS}bulk/", editor, json={"archive": address, "rows": [row]}).json
    service.library.images.delete(image)

    service.settle()

    shown = service.call("GET", task["api_url"], editor).json
    assert shown["errors"] == [{"row": 0, "reasons": ["An image it names was removed."]}]


def test_an_image_taken_between_the_look_and_the_removal_stays(
    service: ArchiveService, editor: str, archive: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = arrived(service, creator="user-editor")
    made = service.call("POST", ITEMS, editor, json={"archive": f"{SITE}/api/v1/archives/{archive}/"}).json
    service.clock.advance(days=8)
    sweep(service)
    service.clock.advance(hours=2)
    look = referred_images

    def look_and_be_overtaken(library: Library, images: Sequence[str]) -> set[str]:
        found = look(library, images)
        sent = {"values": [{"interface": SOCKET, "image": image_url(image)}]}
        assert service.call("PATCH", made["api_url"], editor, json=sent).status_code == 200
        return found

    monkeypatch.setattr(sweep_images, "referred_images", look_and_be_overtaken)
    sweep(service)
    monkeypatch.undo()

    assert is_there(service, image)
    sweep_for_a_month(service)
    assert is_there(service, image)
    assert gone(service) == []
