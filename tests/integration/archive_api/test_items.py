"""Items over HTTP: creating, changing, deleting, listing, in the shapes the public client reads."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from unittest.mock import Mock

import pytest

from archive_api.domain.item import Item
from archive_shared.errors import Unavailable
from archive_shared.events import (
    ItemCreated,
    ItemDeleted,
    ItemUpdated,
    ItemValueAdded,
    ItemValueRemoved,
    ItemValueReplaced,
    PreviewReady,
    TilesFailed,
)
from archive_shared.identifiers import new_id
from tests.support.archive_service import SITE, Answer, ArchiveService
from tests.support.imports import SOCKET, an_import

ITEMS = "/api/v1/archives/items/"
OVERLAY = "generic-overlay"
NOTHING = dict.fromkeys(
    ("value", "file", "image", "upload_session", "user_upload", "user_uploads", "image_name")
)


def archive_url(archive: str) -> str:
    return f"{SITE}/api/v1/archives/{archive}/"


def image_url(image: str) -> str:
    return f"{SITE}/api/v1/cases/images/{image}/"


def create(service: ArchiveService, token: str, archive: str, **fields: Any) -> dict[str, Any]:
    answer = service.call("POST", ITEMS, token, json={"archive": archive_url(archive), **fields})
    assert answer.status_code == 201, answer.text
    created: dict[str, Any] = answer.json
    return created


def change(
    service: ArchiveService, token: str, item: dict[str, Any], method: str = "PATCH", **fields: Any
) -> Answer:
    return service.call(method, item["api_url"], token, json=fields)


def an_image(service: ArchiveService, creator: str = "user-editor", name: str = "ct.mha") -> str:
    """Store an image nobody has placed, and return its identifier."""
    event = an_import(name, image=new_id(), creator=creator)
    service.hear(event)
    return event.image


def value(image: str, socket: str = SOCKET) -> dict[str, Any]:
    """Return a value as the public client sends it: with all keys it knows."""
    return NOTHING | {"interface": socket, "image": image_url(image)}


def held(item: dict[str, Any]) -> dict[str, str]:
    """Return the images an item holds, by socket."""
    return {each["interface"]: each["image"].split("/")[-2] for each in item["values"]}


def test_a_new_item_is_empty_and_has_the_shape_of_an_answer_to_writing(
    service: ArchiveService, editor: str, archive: str
) -> None:
    item = create(service, editor, archive, title="case a", values=[])

    assert item == {
        "pk": item["pk"],
        "title": "case a",
        "archive": archive_url(archive),
        "values": [],
        "viewer": None,
        "hanging_protocol": None,
        "warnings": [],
        "version": 1,
        "optional_hanging_protocols": [],
        "view_content": {},
        "state": "pending",
        "reason": "It has no values yet.",
        "arriving": [],
        "created": item["created"],
        "modified": item["created"],
        "api_url": f"{SITE}{ITEMS}{item['pk']}/",
    }
    assert service.announced(identifier=item["pk"]) == [
        ItemCreated(item=item["pk"], archive=archive, title="case a", images=[])
    ]


def test_an_item_can_be_created_with_images(service: ArchiveService, editor: str, archive: str) -> None:
    image = an_image(service)

    item = create(service, editor, archive, values=[value(image)])

    assert held(item) == {SOCKET: image}
    assert service.announced(identifier=item["pk"]) == [
        ItemCreated(item=item["pk"], archive=archive, title="", images=[image])
    ]


def test_a_value_for_reading_names_the_socket_in_full_twice(
    service: ArchiveService, editor: str, archive: str
) -> None:
    image = an_image(service)
    item = create(service, editor, archive, values=[value(image)])

    [read] = service.call("GET", item["api_url"], editor).json["values"]

    [written] = item["values"]
    socket = service.call("GET", "/api/v1/components/interfaces/?slug=generic-medical-image", editor).json
    assert read == {
        "socket": socket["results"][0],
        "interface": socket["results"][0],
        "value": None,
        "file": None,
        "image": image_url(image),
        "pk": written["pk"],
    }
    assert isinstance(written["pk"], int)
    assert written == {
        "interface": SOCKET,
        "image_name": None,
        "value": None,
        "file": None,
        "image": image_url(image),
        "pk": written["pk"],
    }


def test_patching_merges_by_socket(service: ArchiveService, editor: str, archive: str) -> None:
    first, second, overlay = (an_image(service) for _ in range(3))
    item = create(service, editor, archive, title="case", values=[value(first)])

    change(service, editor, item, values=[value(overlay, OVERLAY)])
    changed = change(service, editor, item, values=[value(second)]).json

    assert held(changed) == {SOCKET: second, OVERLAY: overlay}
    assert changed["title"] == "case"
    assert service.announced(identifier=item["pk"])[1:] == [
        ItemValueAdded(item=item["pk"], archive=archive, socket=OVERLAY, image=overlay),
        ItemValueReplaced(
            item=item["pk"], archive=archive, socket=SOCKET, image=second, previous_image=first
        ),
    ]


def test_putting_replaces_all_values_and_keeps_an_absent_title(
    service: ArchiveService, editor: str, archive: str
) -> None:
    image, overlay = an_image(service), an_image(service)
    item = create(service, editor, archive, title="case", values=[value(image), value(overlay, OVERLAY)])

    changed = change(service, editor, item, "PUT", values=[value(image)]).json

    assert held(changed) == {SOCKET: image}
    assert changed["title"] == "case"
    assert service.announced(identifier=item["pk"])[1:] == [
        ItemValueRemoved(item=item["pk"], archive=archive, socket=OVERLAY, image=overlay)
    ]


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_an_equal_value_again_changes_and_announces_nothing(
    service: ArchiveService, editor: str, archive: str, method: str
) -> None:
    image = an_image(service)
    item = create(service, editor, archive, title="case", values=[value(image)])

    again = change(service, editor, item, method, values=[value(image)], title="case").json

    assert again == item
    assert len(service.announced(identifier=item["pk"])) == 1


def test_a_title_can_be_changed_and_cleared(service: ArchiveService, editor: str, archive: str) -> None:
    item = create(service, editor, archive, title="case")

    renamed = change(service, editor, item, values=[], title="other").json
    cleared = change(service, editor, item, title="").json

    assert (renamed["title"], cleared["title"]) == ("other", "")
    assert service.announced(identifier=item["pk"])[1:] == [
        ItemUpdated(item=item["pk"], archive=archive, title="other"),
        ItemUpdated(item=item["pk"], archive=archive, title=""),
    ]


def test_a_title_is_unique_in_its_archive_unless_it_is_empty(
    service: ArchiveService, editor: str, archive: str
) -> None:
    taken = {"title": ["Another item of this archive has this title."]}
    create(service, editor, archive, title="case")
    other = create(service, editor, archive)
    create(service, editor, archive)
    create(service, editor, service.archive(editor=editor), title="case")

    created = service.call("POST", ITEMS, editor, json={"archive": archive_url(archive), "title": "  case "})
    renamed = change(service, editor, other, title="case")

    assert (created.status_code, created.json["errors"]) == (400, taken)
    assert (renamed.status_code, renamed.json["errors"]) == (400, taken)
    assert service.library.items.count({"archive": archive}) == 3


def test_of_equal_titles_created_at_once_one_wins(service: ArchiveService, editor: str, archive: str) -> None:
    body = {"archive": archive_url(archive), "title": "case"}

    with ThreadPoolExecutor(8) as crowd:
        statuses = list(
            crowd.map(lambda _: service.call("POST", ITEMS, editor, json=body).status_code, range(8))
        )

    assert sorted(statuses) == [201] + [400] * 7


def test_a_refused_title_keeps_the_values_out_as_well(
    service: ArchiveService, editor: str, archive: str
) -> None:
    image = an_image(service)
    create(service, editor, archive, title="case")
    item = create(service, editor, archive)

    answer = change(service, editor, item, title="case", values=[value(image)])

    assert answer.status_code == 400
    assert service.call("GET", item["api_url"], editor).json["values"] == []


def test_values_set_at_once_both_stay(service: ArchiveService, editor: str, archive: str) -> None:
    item = create(service, editor, archive)
    values = [value(an_image(service)), value(an_image(service), OVERLAY)] * 4

    with ThreadPoolExecutor(8) as crowd:
        statuses = list(
            crowd.map(lambda each: change(service, editor, item, values=[each]).status_code, values)
        )

    assert statuses == [200] * 8
    assert len(service.call("GET", item["api_url"], editor).json["values"]) == 2


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_an_item_stays_in_its_archive(
    service: ArchiveService, editor: str, archive: str, method: str
) -> None:
    item = create(service, editor, archive)
    other = service.archive(editor=editor)

    moved = change(service, editor, item, method, values=[], archive=archive_url(other))
    stayed = change(service, editor, item, method, values=[], archive=archive_url(archive))

    assert (moved.status_code, list(moved.json["errors"])) == (400, ["archive"])
    assert stayed.status_code == 200
    assert service.library.items.require(item["pk"]).archive == archive


def test_an_image_the_caller_may_not_see_cannot_be_attached(
    service: ArchiveService, editor: str, archive: str
) -> None:
    foreign = an_image(service, creator="user-stranger")
    item = create(service, editor, archive)

    answer = change(service, editor, item, values=[value(foreign)])

    assert answer.json["errors"] == {"values.0.image": ["Invalid hyperlink - Object does not exist."]}
    assert service.library.items.require(item["pk"]).values == []


def test_an_image_of_another_archive_the_caller_may_use_can_be_attached(
    service: ArchiveService, editor: str, archive: str
) -> None:
    source = service.archive(user=editor)
    event = an_import(archive=source, creator="user-stranger")
    service.hear(event)

    item = create(service, editor, archive, values=[value(event.image)])

    assert held(item) == {SOCKET: event.image}


def test_a_deleted_item_is_gone_and_announced_and_its_title_is_free(
    service: ArchiveService, editor: str, archive: str
) -> None:
    image = an_image(service)
    item = create(service, editor, archive, title="case", values=[value(image)])

    deleted = service.call("DELETE", item["api_url"], editor, json={})

    assert (deleted.status_code, deleted.data) == (204, b"")
    for method in ("GET", "PATCH", "PUT", "DELETE"):
        assert change(service, editor, item, method, values=[]).status_code == 404
    assert service.call("GET", f"{ITEMS}?archive={archive}", editor).json["count"] == 0
    assert service.announced(identifier=item["pk"])[-1] == ItemDeleted(
        item=item["pk"], archive=archive, images=[image]
    )
    create(service, editor, archive, title="case")


def test_the_list_shows_items_of_usable_archives_oldest_first(
    service: ArchiveService, editor: str, archive: str
) -> None:
    other, hidden = service.archive(user=editor), service.archive(public=True)
    for number, where in enumerate((archive, other, hidden, archive)):
        service.hear(an_import(f"{number}.mha", archive=where))

    def titles(query: str) -> list[str]:
        return [item["title"] for item in service.call("GET", f"{ITEMS}{query}", editor).json["results"]]

    assert titles("") == ["0.mha", "1.mha", "3.mha"]
    assert titles(f"?archive={archive}") == ["0.mha", "3.mha"]
    assert titles(f"?archive={hidden}") == []
    assert titles(f"?archive={new_id()}") == []
    assert titles("?archive=foo") == []
    assert titles("?limit=1&offset=1") == ["1.mha"]
    assert titles("?offset=100&limit=100") == []


def test_the_public_clients_way_through_all_items_meets_each_once(
    service: ArchiveService, editor: str, archive: str
) -> None:
    for number in range(230):
        service.hear(an_import(f"{number}.mha", archive=archive))

    found: list[str] = []
    for offset in (0, 100, 200, 300):
        page = service.call("GET", f"{ITEMS}?archive={archive}&offset={offset}&limit=100", editor).json
        found += [item["title"] for item in page["results"]]

    assert found == [f"{number}.mha" for number in range(230)]


def test_an_item_tells_how_far_it_is(service: ArchiveService, editor: str, archive: str) -> None:
    event, other = an_import("ct.mha"), an_import("mr.mha")
    for each in (event, other):
        service.hear(an_import(each.name, archive=archive))
    items = service.call("GET", ITEMS, editor).json["results"]
    assert [item["state"] for item in items] == ["pending", "pending"]

    service.hear(PreviewReady(image=event.image))
    service.hear(TilesFailed(image=other.image, reason="Too odd."))

    items = service.call("GET", ITEMS, editor).json["results"]
    assert [(item["state"], item["reason"]) for item in items] == [
        ("ready", ""),
        ("failed", "mr.mha can be downloaded, but not be looked at: Too odd."),
    ]


def test_nothing_can_fail_once_an_item_is_stored(
    service: ArchiveService, editor: str, archive: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client repeats a POST that is answered with 503, and would create a second item."""
    body = {"archive": archive_url(archive), "values": [value(an_image(service))]}
    add, lost = service.library.items.add, Unavailable("planned")

    def add_and_lose_the_database(item: Item) -> Item:
        stored = add(item)
        for name in ("get", "find", "count"):
            monkeypatch.setattr(service.api.documents, name, Mock(side_effect=lost))
        return stored

    monkeypatch.setattr(service.library.items, "add", add_and_lose_the_database)

    assert service.call("POST", ITEMS, editor, json=body).status_code == 201


@pytest.mark.parametrize("pk", ["foo", "6f4f3a8e-1a2b-4c3d-8e4f-5a6b7c8d9e0f", "%00"])
@pytest.mark.parametrize("method", ["GET", "PATCH", "PUT", "DELETE"])
def test_an_unknown_or_malformed_item_is_not_found(
    service: ArchiveService, editor: str, method: str, pk: str
) -> None:
    assert service.call(method, f"{ITEMS}{pk}/", editor, json={"values": []}).status_code == 404


def test_d27_an_uploader_creates_an_item(service: ArchiveService, archive: str) -> None:
    uploader = service.people.add_person("uploader")
    service.people.give(uploader, "uploader", archive)

    assert create(service, uploader, archive, title="case a", values=[])["title"] == "case a"
