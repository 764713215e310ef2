"""What becomes of an imported image: once, whatever is delivered how often and in which order."""

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import NoReturn

import pytest

from archive_api.domain.archive import Archive
from archive_api.domain.item import Item
from archive_api.domain.value import Value
from archive_api.use_cases.place_image import Outcome, place_image
from archive_shared.errors import Unavailable
from archive_shared.events import ItemCreated
from archive_shared.identifiers import new_id
from tests.support.archive_service import ArchiveService
from tests.support.imports import SOCKET, an_import


def items(service: ArchiveService, archive: str) -> list[Item]:
    return service.library.items.find({"archive": archive, "deleted": False}, sort=[("created_at", 1)])


def an_item(service: ArchiveService, archive: str, *images: str) -> str:
    values = [Value(socket=SOCKET, image=image) for image in images]
    item = Item.create(id=new_id(), archive=archive, title="", values=values, at=service.library.clock.now())
    return service.library.items.add(item).id


def test_an_import_for_an_archive_becomes_an_item_named_after_the_image(service: ArchiveService) -> None:
    archive = service.archive()
    event = an_import("ct.mha", archive=archive)

    outcome = place_image(service.library, event)

    [item] = items(service, archive)
    assert outcome is Outcome.ITEM_CREATED
    assert item.title == "ct.mha"
    assert item.values == [Value(socket=SOCKET, image=event.image)]
    assert service.announced(identifier=item.id) == [
        ItemCreated(item=item.id, archive=archive, title="ct.mha", images=[event.image])
    ]
    assert service.library.images.require(event.image).description == event.description


def test_an_import_heard_twice_becomes_one_item_announced_once(service: ArchiveService) -> None:
    archive = service.archive()
    event = an_import(archive=archive)

    outcomes = [place_image(service.library, event) for _ in range(3)]

    assert outcomes == [Outcome.ITEM_CREATED, Outcome.ITEM_THERE_ALREADY, Outcome.ITEM_THERE_ALREADY]
    assert len(items(service, archive)) == 1
    assert len([event for event in service.announced() if isinstance(event, ItemCreated)]) == 1


def test_an_import_heard_again_does_not_bring_a_deleted_item_back(service: ArchiveService) -> None:
    archive = service.archive()
    event = an_import(archive=archive)
    place_image(service.library, event)
    [item] = items(service, archive)
    service.library.items.change(item.id, lambda each: each.delete(at=service.library.clock.now()))

    place_image(service.library, event)

    assert items(service, archive) == []


def test_an_import_heard_again_keeps_what_people_changed(service: ArchiveService) -> None:
    archive = service.archive()
    event = an_import(archive=archive)
    place_image(service.library, event)
    [item] = items(service, archive)
    service.library.items.change(item.id, lambda each: each.rename("mine", at=service.library.clock.now()))

    place_image(service.library, event)

    assert [item.title for item in items(service, archive)] == ["mine"]


def test_an_import_interrupted_after_the_image_is_finished_by_the_next_delivery(
    service: ArchiveService, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = service.archive()
    event = an_import(archive=archive)
    with monkeypatch.context() as broken:
        broken.setattr(service.library.items, "add", _unavailable)
        with pytest.raises(Unavailable):
            place_image(service.library, event)

    place_image(service.library, event)

    assert [item.images for item in items(service, archive)] == [[event.image]]


def test_images_of_the_same_name_become_items_with_numbers(service: ArchiveService) -> None:
    archive = service.archive()

    for _ in range(4):
        place_image(service.library, an_import("scan.mha", archive=archive, image=new_id()))

    titles = [item.title for item in items(service, archive)]
    assert titles == ["scan.mha", "scan.mha (2)", "scan.mha (3)", "scan.mha (4)"]


def test_the_same_name_in_two_archives_needs_no_number(service: ArchiveService) -> None:
    first, second = service.archive(), service.archive()

    place_image(service.library, an_import("scan.mha", archive=first, image=new_id()))
    place_image(service.library, an_import("scan.mha", archive=second, image=new_id()))

    assert [item.title for item in items(service, second)] == ["scan.mha"]


def test_an_image_without_a_printable_name_becomes_an_item_without_a_title(service: ArchiveService) -> None:
    archive = service.archive()

    for _ in range(2):
        place_image(service.library, an_import("\x07", archive=archive, image=new_id()))

    assert [item.title for item in items(service, archive)] == ["", ""]


def test_imports_of_one_name_at_once_become_items_of_different_titles(service: ArchiveService) -> None:
    archive = service.archive()
    events = [an_import("scan.mha", archive=archive, image=new_id()) for _ in range(6)]
    twice = [*events, *events]
    workers = [threading.Thread(target=place_image, args=(service.library, event)) for event in twice]

    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    found = items(service, archive)
    assert sorted(item.images[0] for item in found) == sorted(event.image for event in events)
    assert len({item.title for item in found}) == len(events)


def test_an_import_for_an_archive_that_is_gone_leaves_the_image_to_its_uploader(
    service: ArchiveService,
) -> None:
    event = an_import(archive=new_id())

    outcome = place_image(service.library, event)

    assert outcome is Outcome.NO_SUCH_ARCHIVE
    assert service.library.items.count() == 0
    assert service.library.images.require(event.image).creator == event.creator


def test_an_import_for_an_item_fills_its_socket(service: ArchiveService) -> None:
    archive = service.archive()
    item = an_item(service, archive)
    event = an_import(item=item, socket="generic-overlay")

    outcome = place_image(service.library, event)

    assert outcome is Outcome.ATTACHED
    assert service.library.items.require(item).values == [Value(socket="generic-overlay", image=event.image)]


def test_an_import_for_an_item_makes_no_item_of_its_own(service: ArchiveService) -> None:
    archive = service.archive()
    item = an_item(service, archive)

    outcome = place_image(service.library, an_import(archive=archive, item=item, socket="generic-overlay"))

    assert outcome is Outcome.ATTACHED
    assert [each.id for each in items(service, archive)] == [item]


def test_an_import_for_an_item_heard_again_does_not_undo_a_later_choice(service: ArchiveService) -> None:
    archive = service.archive()
    item = an_item(service, archive)
    event = an_import(item=item)
    place_image(service.library, event)
    chosen = Value(socket=SOCKET, image=new_id())
    service.library.items.change(item, lambda each: each.put(chosen, at=service.library.clock.now()))

    place_image(service.library, event)

    assert service.library.items.require(item).values == [chosen]


@pytest.mark.parametrize("target", ["archive", "item"])
def test_an_item_that_waits_for_a_session_with_a_place_of_its_own_gets_the_image_too(
    service: ArchiveService, target: str
) -> None:
    own, waiting = service.archive(), an_item(service, service.archive())
    session, now = new_id(), service.library.clock.now()
    service.library.items.change(waiting, lambda each: each.expect(SOCKET, session, at=now))
    archive, item = (own, None) if target == "archive" else (None, an_item(service, own))
    event = an_import(session=session, archive=archive, item=item)

    place_image(service.library, event)

    found = service.library.items.require(waiting)
    assert found.values == [Value(socket=SOCKET, image=event.image)]
    assert found.sessions == []
    assert [each.values for each in items(service, own)] == [found.values]


def test_an_image_can_be_listed_by_archive_from_the_moment_its_item_shows_it(service: ArchiveService) -> None:
    archives = [service.archive(), service.archive(), service.archive()]
    waiting = an_item(service, archives[2])
    session = new_id()
    now = service.library.clock.now()
    service.library.items.change(waiting, lambda each: each.expect(SOCKET, session, at=now))
    events = [
        an_import("ct.mha", archive=archives[0]),
        an_import("mr.mha", item=an_item(service, archives[1])),
        an_import("us.mha", session=session),
    ]

    for event in events:
        place_image(service.library, event)

    assert [service.library.images.require(event.image).archives for event in events] == [
        [archive] for archive in archives
    ]


def test_an_import_heard_again_does_not_list_an_image_that_left_its_item(service: ArchiveService) -> None:
    item = an_item(service, service.archive())
    event = an_import(item=item)
    place_image(service.library, event)
    service.library.items.change(item, lambda each: each.remove(SOCKET, at=service.library.clock.now()))
    service.settle()

    place_image(service.library, event)

    assert not service.library.images.require(event.image).placed


def test_an_image_whose_item_is_moved_to_where_it_does_not_fit_while_it_is_attached_is_not_taken_for_placed(
    service: ArchiveService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else it would be listed in an archive that does not hold it, and never be removed as unused."""
    strict = service.archive()
    service.library.archives.change(strict, take_overlays_only)
    item = an_item(service, service.archive())
    event = an_import(item=item)

    def move(present: Item) -> None:
        present.move(strict, at=service.library.clock.now())

    meanwhile(service, monkeypatch, lambda: service.library.items.change(item, move))
    outcome = place_image(service.library, event)

    image = service.library.images.require(event.image)
    assert outcome is Outcome.DOES_NOT_FIT
    assert (image.placed, image.archives) == (False, [])
    assert image.unplaced_since is not None


def test_an_image_that_was_taken_out_while_its_import_was_handled_twice_is_not_taken_for_placed(
    service: ArchiveService, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = an_item(service, service.archive())
    event = an_import(item=item)

    def handle_it_too() -> None:
        place_image(service.library, event)
        service.library.items.change(item, lambda each: each.remove(SOCKET, at=service.library.clock.now()))
        service.settle()

    meanwhile(service, monkeypatch, handle_it_too)
    place_image(service.library, event)

    assert not service.library.images.require(event.image).placed


def test_an_image_whose_archive_is_deleted_between_two_attempts_to_place_it_is_not_taken_for_placed(
    service: ArchiveService, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = service.archive()
    event = an_import(archive=archive)

    def die(item: Item) -> NoReturn:
        raise Unavailable("the database is away")

    with monkeypatch.context() as patch:
        patch.setattr(service.library.items, "add", die)
        with pytest.raises(Unavailable):
            place_image(service.library, event)
    service.library.archives.change(archive, lambda each: setattr(each, "deleted", True))
    outcome = place_image(service.library, event)

    assert outcome is Outcome.NO_SUCH_ARCHIVE
    assert not service.library.images.require(event.image).placed


def take_overlays_only(archive: Archive) -> None:
    archive.settings = replace(archive.settings, allowed_sockets=["generic-overlay"])


def meanwhile(service: ArchiveService, monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """Let something happen once, after an item was read to be filled and before it is expected to hold the image."""
    items = service.library.items
    read = items.require

    def require(identifier: str) -> Item:
        monkeypatch.undo()
        found = read(identifier)
        act()
        return found

    monkeypatch.setattr(items, "require", require)


def test_an_import_for_an_item_that_was_deleted_changes_nothing(service: ArchiveService) -> None:
    item = an_item(service, service.archive())
    service.library.items.change(item, lambda each: each.delete(at=service.library.clock.now()))

    event = an_import(item=item)
    assert place_image(service.library, event) is Outcome.NO_SUCH_ITEM
    assert service.library.items.require(item).values == []
    assert not service.library.images.require(event.image).placed


def test_an_import_for_an_item_that_never_was_keeps_the_image(service: ArchiveService) -> None:
    event = an_import(item=new_id())

    assert place_image(service.library, event) is Outcome.NO_SUCH_ITEM
    assert service.library.images.get(event.image) is not None


def test_an_import_for_an_unknown_socket_makes_no_item(service: ArchiveService) -> None:
    archive = service.archive()

    outcome = place_image(service.library, an_import(archive=archive, socket="cancer-score"))

    assert outcome is Outcome.NO_SUCH_SOCKET
    assert items(service, archive) == []


def test_an_import_without_a_target_waits_for_its_uploader(service: ArchiveService) -> None:
    assert place_image(service.library, an_import()) is Outcome.NOT_PLACED


def _unavailable(_: object) -> NoReturn:
    raise Unavailable("planned")


def test_images_of_a_group_share_one_new_item_however_often_and_in_whatever_order_they_come(
    service: ArchiveService,
) -> None:
    archive, session = service.archive(), new_id()
    scan, overlay = (
        replace(
            an_import(name, archive=archive, image=new_id(), session=session, socket=socket), group="case 1"
        )
        for name, socket in (("ct.mha", "generic-medical-image"), ("seg.mha", "generic-overlay"))
    )
    for event in (overlay, scan, overlay, scan):
        place_image(service.library, event)

    [item] = service.library.items.find({"archive": archive})
    assert item.title == "case 1"
    assert {socket: value.image for socket, value in item.by_socket.items()} == {
        "generic-medical-image": scan.image,
        "generic-overlay": overlay.image,
    }


def test_what_people_changed_of_a_group_is_not_undone_by_an_import_delivered_again(
    service: ArchiveService,
) -> None:
    archive = service.archive()
    event = replace(an_import(archive=archive, image=new_id()), group="case 1")
    place_image(service.library, event)
    [item] = service.library.items.find({"archive": archive})
    now = service.library.clock.now()
    service.library.items.change(item.id, lambda each: each.remove(event.socket, at=now))

    place_image(service.library, event)

    assert service.library.items.require(item.id).by_socket == {}


def test_groups_of_one_name_from_two_sessions_are_two_items(service: ArchiveService) -> None:
    archive = service.archive()
    for _ in range(2):
        place_image(
            service.library,
            replace(an_import(archive=archive, image=new_id(), session=new_id()), group="case 1"),
        )

    titles = sorted(item.title for item in service.library.items.find({"archive": archive}))
    assert titles == ["case 1", "case 1 (2)"]
