"""What items may hold, and what they announce when it changes."""

from datetime import UTC, datetime

import pytest

from archive_api.domain.item import Item
from archive_api.domain.value import Value
from archive_shared.errors import NotFound
from archive_shared.events import (
    ItemCreated,
    ItemDeleted,
    ItemUpdated,
    ItemValueAdded,
    ItemValueRemoved,
    ItemValueReplaced,
)

NOW = datetime(2026, 11, 23, tzinfo=UTC)
LATER = datetime(2026, 11, 24, tzinfo=UTC)
PLACE = {"item": "i", "archive": "a", "socket": "generic-medical-image"}


def image(identifier: str, socket: str = "generic-medical-image") -> Value:
    return Value(socket=socket, image=identifier)


def an_item(*values: Value, title: str = "case") -> Item:
    """Return an item as if it had been stored before."""
    item = Item.create(id="i", archive="a", title=title, values=values, at=NOW)
    item._recorded.clear()
    return item


def test_a_new_item_announces_its_images() -> None:
    item = Item.create(id="i", archive="a", title="case", values=[image("x"), image("y", "b")], at=NOW)

    assert item._recorded == [ItemCreated(item="i", archive="a", title="case", images=["x", "y"])]


def test_a_value_for_an_empty_socket_is_added() -> None:
    item = an_item()

    item.put(image("x"), at=LATER)

    assert item.values == [image("x")]
    assert item.images == ["x"]
    assert item.modified_at == LATER
    assert item._recorded == [ItemValueAdded(**PLACE, image="x")]


def test_a_value_for_a_full_socket_replaces_the_one_before() -> None:
    item = an_item(image("x"))

    item.put(image("y"), at=LATER)

    assert item.values == [image("y")]
    assert item.images == ["y"]
    assert item._recorded == [ItemValueReplaced(**PLACE, image="y", previous_image="x")]


def test_an_equal_value_changes_and_announces_nothing() -> None:
    item = an_item(image("x"))

    item.put(image("x"), at=LATER)

    assert item.modified_at == NOW
    assert item._recorded == []


def test_other_sockets_are_left_alone_and_values_are_in_order_of_sockets() -> None:
    item = an_item(image("x", "generic-overlay"))

    item.put(image("y", "generic-medical-image"), at=LATER)

    assert [value.image for value in item.values] == ["y", "x"]


def test_removing_a_value_says_which_image_it_was() -> None:
    item = an_item(image("x"))

    item.remove("generic-medical-image", at=LATER)

    assert item.values == []
    assert item.images == []
    assert item._recorded == [ItemValueRemoved(**PLACE, image="x")]


def test_emptying_an_empty_socket_announces_nothing() -> None:
    item = an_item()

    item.remove("generic-medical-image", at=LATER)

    assert item._recorded == []


def test_an_image_in_two_sockets_stays_until_it_is_in_none() -> None:
    item = an_item(image("x", "a"), image("x", "b"))
    assert item.images == ["x"]

    item.remove("a", at=LATER)

    assert item.images == ["x"]


def test_renaming_announces_the_title_once() -> None:
    item = an_item()

    item.rename("other", at=LATER)
    item.rename("other", at=LATER)

    assert item._recorded == [ItemUpdated(item="i", archive="a", title="other")]


@pytest.mark.parametrize(("title", "reserved"), [("case", "case"), ("", None)])
def test_only_a_real_title_is_reserved(title: str, reserved: str | None) -> None:
    assert an_item(title=title).reserved_title == reserved


def test_deleting_frees_the_title_and_the_images_and_announces_them() -> None:
    item = an_item(image("x"))

    item.delete(at=LATER)

    assert item.deleted
    assert item.reserved_title is None
    assert item.images == []
    assert item._recorded == [ItemDeleted(item="i", archive="a", images=["x"])]


def test_a_deleted_item_cannot_be_changed() -> None:
    item = an_item()
    item.delete(at=LATER)

    with pytest.raises(NotFound):
        item.rename("x", at=LATER)
    with pytest.raises(NotFound):
        item.put(image("x"), at=LATER)
    with pytest.raises(NotFound):
        item.delete(at=LATER)


def test_an_import_delivered_again_does_not_undo_what_people_did_since() -> None:
    item = an_item()
    item.attach_import(image("imported"), "session", at=NOW)
    item.put(image("chosen"), at=LATER)

    item.attach_import(image("imported"), "session", at=LATER)

    assert item.images == ["chosen"]


def test_numbers_of_values_are_equal_for_equal_values_and_safe_for_javascript() -> None:
    assert image("x").number == image("x").number
    assert image("x").number != image("y").number
    assert image("x").number != image("x", "generic-overlay").number
    assert 0 <= image("x").number < 2**52
