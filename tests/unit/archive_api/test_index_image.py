"""The index of archives that hold an image: it ends up true, however its upkeep is interrupted or overtaken."""

import random
from collections.abc import Callable

from archive_api.domain.item import Item
from archive_api.domain.value import Value
from archive_api.use_cases.index_image import index_images
from archive_shared.events import Event
from archive_shared.identifiers import new_id
from tests.support.archive_service import ArchiveService
from tests.support.imports import SOCKET, an_import


def add_item(service: ArchiveService, archive: str, image: str) -> str:
    item = Item.create(
        id=new_id(),
        archive=archive,
        title="",
        values=[Value(socket=SOCKET, image=image)],
        at=service.library.clock.now(),
    )
    return service.library.items.add(item).id


def delete_item(service: ArchiveService, item: str) -> None:
    service.library.items.change(item, lambda each: each.delete(at=service.library.clock.now()))


def an_image(service: ArchiveService) -> str:
    event = an_import(image=new_id())
    service.hear(event)
    return event.image


def archives_of(service: ArchiveService, image: str) -> list[str]:
    return service.library.images.require(image).archives


def test_the_index_names_every_archive_that_holds_the_image_once(service: ArchiveService) -> None:
    image, first, second = an_image(service), service.archive(), service.archive()
    for archive in (first, first, second):
        add_item(service, archive, image)

    service.settle()

    assert archives_of(service, image) == sorted([first, second])
    assert service.library.images.require(image).placed


def test_an_archive_leaves_the_index_with_its_last_item(service: ArchiveService) -> None:
    image, archive = an_image(service), service.archive()
    items = [add_item(service, archive, image) for _ in range(2)]
    service.settle()

    delete_item(service, items[0])
    service.settle()
    assert archives_of(service, image) == [archive]
    delete_item(service, items[1])
    service.settle()

    assert archives_of(service, image) == []
    assert not service.library.images.require(image).placed


def test_a_replaced_image_leaves_and_its_successor_enters(service: ArchiveService) -> None:
    old, new, archive = an_image(service), an_image(service), service.archive()
    item = add_item(service, archive, old)
    service.settle()

    value = Value(socket=SOCKET, image=new)
    service.library.items.change(item, lambda each: each.put(value, at=service.library.clock.now()))
    service.settle()

    assert (archives_of(service, old), archives_of(service, new)) == ([], [archive])


def test_a_removed_image_leaves(service: ArchiveService) -> None:
    image, archive = an_image(service), service.archive()
    item = add_item(service, archive, image)
    service.settle()

    service.library.items.change(item, lambda each: each.remove(SOCKET, at=service.library.clock.now()))
    service.settle()

    assert archives_of(service, image) == []


def test_a_look_up_overtaken_by_another_looks_again(service: ArchiveService) -> None:
    """Without `Image.lookups` the second look-up writes nothing, and the first then stores what is outdated."""
    image, archive = an_image(service), service.archive()
    gone = add_item(service, archive, image)
    index_images(service.library, [image])
    delete_item(service, gone)

    def meanwhile() -> None:  # the first look-up has found no item by now
        add_item(service, archive, image)
        index_images(service.library, [image])

    after_first_search(service, meanwhile)
    index_images(service.library, [image])

    assert archives_of(service, image) == [archive]


def test_any_order_of_late_and_repeated_events_ends_in_the_truth(service: ArchiveService) -> None:
    chance = random.Random(20261123)
    image, archives = an_image(service), [service.archive() for _ in range(3)]
    items = [add_item(service, chance.choice(archives), image) for _ in range(12)]
    for item in chance.sample(items, 9):
        delete_item(service, item)
    events: list[Event] = [event for event in service.announced() if hasattr(event, "item")] * 2
    chance.shuffle(events)

    for event in events:
        service.hear(event)

    left = {item.archive for item in service.library.items.find({"images": image})}
    assert archives_of(service, image) == sorted(left)


def after_first_search(service: ArchiveService, act: Callable[[], None]) -> None:
    """Make something happen right after the next search for items, before its result is used."""
    items = service.library.items
    search = items.find

    def find(*args: object, **options: object) -> object:
        items.find = search  # type: ignore[method-assign]  # puts back what was there
        found = search(*args, **options)  # type: ignore[arg-type]  # passes on what it was given
        act()
        return found

    items.find = find  # type: ignore[method-assign,assignment]  # a planned interruption
