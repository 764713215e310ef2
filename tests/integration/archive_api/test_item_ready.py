"""An item says once that everything of it is there: what starts work on new items hears it, such as an algorithm."""

from typing import Any

import pytest

from archive_shared.events import ItemReady, PreviewReady, SessionFailed, TilesFailed, TilesReady
from tests.support.archive_service import SITE, ArchiveService
from tests.support.imports import SOCKET, an_import

ITEMS = "/api/v1/archives/items/"


def ready(service: ArchiveService) -> list[ItemReady]:
    service.settle()
    return [event for event in service.announced() if isinstance(event, ItemReady)]


def only_item(service: ArchiveService, token: str) -> dict[str, Any]:
    [item] = service.call("GET", ITEMS, token).json["results"]
    found: dict[str, Any] = item
    return found


def test_an_imported_volume_is_ready_once_it_can_be_looked_at(
    service: ArchiveService, editor: str, archive: str
) -> None:
    event = an_import(archive=archive)
    service.hear(event)
    before = ready(service)

    for _ in range(2):  # events come at least once
        service.hear(PreviewReady(image=event.image))

    item = only_item(service, editor)["pk"]
    assert before == []
    assert ready(service) == [ItemReady(item=item, archive=archive, images=[event.image])]


def test_who_saw_an_item_before_it_was_said_to_be_ready_may_still_change_it(
    service: ArchiveService, editor: str, archive: str
) -> None:
    event = an_import(archive=archive)
    service.hear(event)
    item = only_item(service, editor)["api_url"]
    seen = service.call("GET", item, editor).headers["ETag"]
    service.hear(PreviewReady(image=event.image))

    def renamed(title: str) -> int:
        headers = {"If-Match": seen}
        return service.call("PATCH", item, editor, json={"title": title}, headers=headers).status_code

    assert service.call("GET", item, editor).headers["ETag"] != seen
    assert [renamed("b"), renamed("c")] == [200, 412]


def test_the_order_in_which_is_heard_of_image_and_preview_does_not_matter(
    service: ArchiveService, archive: str
) -> None:
    event = an_import(archive=archive)

    service.hear(PreviewReady(image=event.image))
    service.hear(event)

    assert [each.images for each in ready(service)] == [[event.image]]


def test_a_slide_is_ready_with_its_tiles(service: ArchiveService, archive: str) -> None:
    event = an_import("slide.tif", archive=archive, type="TIFF")
    service.hear(event)
    service.hear(PreviewReady(image=event.image))
    before = ready(service)

    service.hear(TilesReady(image=event.image, levels=4))

    assert (before, len(ready(service))) == ([], 1)


def test_an_item_waits_for_all_of_its_imports(service: ArchiveService, editor: str, archive: str) -> None:
    first = an_import(archive=archive)
    service.hear(first)
    item = only_item(service, editor)
    second = an_import("overlay.mha", archive=archive, item=item["pk"], socket="generic-overlay")
    service.library.items.change(
        item["pk"], lambda present: present.expect("generic-overlay", second.session, at=service.clock.now())
    )

    service.hear(PreviewReady(image=first.image))
    before = ready(service)
    service.hear(second)
    service.hear(PreviewReady(image=second.image))

    assert only_item(service, editor)["state"] == "ready"
    assert before == []
    assert [len(each.images) for each in ready(service)] == [2]


@pytest.mark.parametrize("what", ["tiles", "import"])
def test_an_item_that_failed_is_not_ready(
    service: ArchiveService, editor: str, archive: str, what: str
) -> None:
    event = an_import("slide.tif", archive=archive, type="TIFF")
    service.hear(event)
    service.hear(PreviewReady(image=event.image))
    item = only_item(service, editor)["pk"]

    if what == "tiles":
        service.hear(TilesFailed(image=event.image, reason="It is damaged."))
    else:
        service.library.items.change(
            item, lambda present: present.expect(SOCKET, "s", at=service.clock.now())
        )
        service.hear(TilesReady(image=event.image, levels=4))
        service.hear(SessionFailed(session="s", creator="user-editor", reason="It is empty."))

    assert only_item(service, editor)["state"] == "failed"
    assert ready(service) == []


def test_it_is_said_once_whatever_is_changed_later(
    service: ArchiveService, editor: str, archive: str
) -> None:
    event = an_import(archive=archive)
    service.hear(event)
    service.hear(PreviewReady(image=event.image))
    assert len(ready(service)) == 1
    item = only_item(service, editor)
    service.call("PATCH", item["api_url"], editor, json={"removed": [SOCKET]})
    again = an_import("again.mha", archive=archive, item=item["pk"])
    service.hear(again)
    service.hear(PreviewReady(image=again.image))

    assert only_item(service, editor)["state"] == "ready"
    assert len(ready(service)) == 1


def test_a_copy_is_an_item_of_its_own(service: ArchiveService, editor: str, archive: str) -> None:
    event = an_import(archive=archive)
    service.hear(event)
    service.hear(PreviewReady(image=event.image))

    address = only_item(service, editor)["api_url"]
    copied = service.call(
        "POST", f"{address}copy/", editor, json={"archive": f"{SITE}/api/v1/archives/{archive}/"}
    )

    assert copied.status_code == 201
    assert len({each.item for each in ready(service)}) == 2
