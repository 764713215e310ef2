"""Archives that take images without identity only: no other image gets in, through whatever door."""

from dataclasses import replace
from typing import Any

import pytest

from archive_api.domain.image_rules import WITH_IDENTITY
from archive_shared.events import ImageImported, TaskDue
from tests.support.archive_service import SITE, Answer, ArchiveService
from tests.support.imports import SOCKET, an_import

ITEMS = "/api/v1/archives/items/"


@pytest.fixture
def strict(service: ArchiveService, editor: str) -> str:
    """Return an archive that takes images without identity only."""
    identifier = service.archive("Nobody's", editor=editor)
    become_strict(service, identifier)
    return identifier


def become_strict(service: ArchiveService, archive: str) -> None:
    def apply(present: Any) -> None:
        present.change(replace(present.settings, deidentify=True), at=service.library.clock.now())

    service.library.archives.change(archive, apply)


def nobodys(event: ImageImported) -> ImageImported:
    return replace(event, deidentified=True)


def hear_image(service: ArchiveService, event: ImageImported) -> str:
    """Have the import of an image announced, and return the image's address."""
    service.hear(event)
    service.settle()
    return f"{SITE}/api/v1/cases/images/{event.image}/"


def mine(service: ArchiveService, token: str, name: str = "ct.mha") -> str:
    """Return the address of an image with identity that somebody uploaded for no archive."""
    return hear_image(service, an_import(name, creator=service.people.people[token].id))


def there(archive: str) -> dict[str, str]:
    return {"archive": f"{SITE}/api/v1/archives/{archive}/"}


def an_item(service: ArchiveService, token: str, archive: str) -> Any:
    return service.call("POST", ITEMS, token, json=there(archive)).json


def patched(service: ArchiveService, token: str, item: Any, **value: Any) -> Answer:
    values = [{"interface": "generic-overlay"} | value]
    return service.call("PATCH", item["api_url"], token, json={"values": values})


def items_of(service: ArchiveService, token: str, archive: str) -> list[Any]:
    found: list[Any] = service.call("GET", f"{ITEMS}?archive={archive}", token).json["results"]
    return found


def test_an_image_tells_whether_it_was_freed_of_identity_and_not_for_whom(
    service: ArchiveService, editor: str, archive: str, strict: str
) -> None:
    told = hear_image(service, an_import("a.mha", archive=archive))
    freed = hear_image(service, nobodys(an_import("b.mha", archive=strict)))

    assert service.call("GET", told, editor).json["deidentified"] is False
    answer = service.call("GET", freed, editor)
    assert answer.json["deidentified"] is True
    assert strict not in answer.text


def test_an_image_with_identity_is_refused_as_a_value_and_named(
    service: ArchiveService, editor: str, archive: str, strict: str
) -> None:
    image = mine(service, editor)

    refused = patched(service, editor, an_item(service, editor, strict), image=image)
    created = service.call(
        "POST", ITEMS, editor, json=there(strict) | {"values": [{"interface": SOCKET, "image": image}]}
    )

    for answer in (refused, created):
        assert answer.status_code == 400
        assert answer.json["errors"] == {"values.0.image": [WITH_IDENTITY]}
    assert patched(service, editor, an_item(service, editor, archive), image=image).status_code == 200


@pytest.mark.parametrize("name", ["photo.png", "ct.mha"])
def test_what_an_import_by_the_rule_of_any_archive_made_is_taken_by_reference(
    service: ArchiveService, editor: str, strict: str, name: str
) -> None:
    other = service.archive("Nobody's either", editor=editor)
    become_strict(service, other)
    image = hear_image(service, nobodys(an_import(name, archive=other)))

    assert patched(service, editor, an_item(service, editor, strict), image=image).status_code == 200


def test_a_session_for_no_archive_is_refused_whether_it_has_ended_or_not(
    service: ArchiveService, editor: str, strict: str
) -> None:
    item, image = an_item(service, editor, strict), mine(service, editor)
    ended = service.uploads.import_session(editor, image.split("/")[-2])
    running = service.uploads.import_session(editor, finished=False)

    for session in (ended, running):
        address = f"{SITE}/api/v1/cases/upload-sessions/{session}/"
        answer = patched(service, editor, item, upload_session=address)
        assert (answer.status_code, answer.json["errors"]) == (400, {"values.0": [WITH_IDENTITY]})
    assert service.call("GET", item["api_url"], editor).json["arriving"] == []


def test_an_image_that_arrives_for_an_item_keeps_out_and_the_item_says_why(
    service: ArchiveService, editor: str, archive: str
) -> None:
    item = an_item(service, editor, archive)
    running = service.uploads.import_session(editor, finished=False)
    patched(service, editor, item, upload_session=f"{SITE}/api/v1/cases/upload-sessions/{running}/")
    become_strict(service, archive)

    service.hear(an_import(session=running, socket="generic-overlay"))

    shown = service.call("GET", item["api_url"], editor).json
    assert shown["values"] == []
    assert [each["reason"] for each in shown["arriving"]] == [WITH_IDENTITY]


@pytest.mark.parametrize("group", ["", "case 1"])
def test_an_import_that_began_before_the_archive_took_nobodys_images_only_makes_no_item(
    service: ArchiveService, editor: str, strict: str, group: str
) -> None:
    hear_image(service, replace(an_import("late.mha", archive=strict), group=group))
    hear_image(service, replace(nobodys(an_import("fine.mha", archive=strict)), group=group))

    [item] = items_of(service, editor, strict)

    assert item["title"] == (group or "fine.mha")


def test_an_image_imported_for_an_item_that_was_moved_meanwhile_keeps_out(
    service: ArchiveService, editor: str, archive: str, strict: str
) -> None:
    item = an_item(service, editor, archive)
    service.call("POST", f"{item['api_url']}move/", editor, json=there(strict))

    service.hear(an_import(archive=archive, item=item["pk"]))

    assert service.call("GET", item["api_url"], editor).json["values"] == []


@pytest.mark.parametrize("action", ["move", "copy"])
def test_an_item_with_identity_is_neither_moved_nor_copied_there(
    service: ArchiveService, editor: str, archive: str, strict: str, action: str
) -> None:
    hear_image(service, an_import(archive=archive))
    [item] = items_of(service, editor, archive)

    answer = service.call("POST", f"{item['api_url']}{action}/", editor, json=there(strict))

    assert answer.status_code == 400
    assert answer.json["errors"] == {"archive": [f"{SOCKET}: {WITH_IDENTITY}"]}
    assert items_of(service, editor, strict) == []


@pytest.mark.parametrize("action", ["move", "copy"])
def test_an_item_without_identity_is_moved_and_copied_to_where_the_rule_holds_too(
    service: ArchiveService, editor: str, strict: str, action: str
) -> None:
    other = service.archive("Nobody's either", editor=editor)
    become_strict(service, other)
    hear_image(service, nobodys(an_import(archive=strict)))
    [item] = items_of(service, editor, strict)

    answer = service.call("POST", f"{item['api_url']}{action}/", editor, json=there(other))

    assert answer.status_code < 300
    assert len(items_of(service, editor, other)) == 1


def test_rows_with_such_images_are_refused_before_a_task_begins_and_when_their_turn_comes(
    service: ArchiveService, editor: str, archive: str, strict: str
) -> None:
    image = mine(service, editor)
    rows = [{"operation": "create", "title": "a", "values": [{"interface": SOCKET, "image": image}]}]

    refused = service.call("POST", f"{ITEMS}bulk/", editor, json=there(strict) | {"rows": rows})
    task = service.call("POST", f"{ITEMS}bulk/", editor, json=there(archive) | {"rows": rows}).json
    become_strict(service, archive)
    service.hear(TaskDue(task=task["pk"], step=0))

    assert refused.json["errors"] == {"rows.0.values.0.image": [WITH_IDENTITY]}
    shown = service.call("GET", task["api_url"], editor).json
    assert [each["reasons"] for each in shown["errors"]] == [[WITH_IDENTITY]]
    assert items_of(service, editor, archive) == []
