"""What an archive may hold."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from archive_api.use_cases.archive_quota import is_full
from archive_shared.events import ArchiveDeleted, SlideComplete
from archive_shared.identifiers import new_id
from tests.support.archive_service import SITE, Answer, ArchiveService, archive_service
from tests.support.imports import an_import
from tests.support.sockets import a_socket

ITEMS = "/api/v1/archives/items/"


@pytest.fixture
def service(quick_folder: Path) -> ArchiveService:
    """A service whose archives hold two images of 1,234 bytes, and then no more."""
    return archive_service(quick_folder, archive_quota_bytes=2000)


def fill(service: ArchiveService, archive: str, *names: str) -> None:
    for name in names:
        service.hear(an_import(name, archive=archive, image=new_id()))
    service.settle()


def card(service: ArchiveService, token: str, archive: str) -> Any:
    return service.call("GET", f"/api/v1/archives/{archive}/", token).json


def add(service: ArchiveService, token: str, archive: str, **value: Any) -> Answer:
    body = {"archive": f"{SITE}/api/v1/archives/{archive}/", "values": [value]}
    return service.call("POST", ITEMS, token, json=body)


def test_an_archive_that_is_full_takes_no_more_images_but_numbers(
    service: ArchiveService, editor: str, archive: str
) -> None:
    a_socket(service, "Score", "Float")
    fill(service, archive, "a.mha")
    states = [card(service, editor, archive)["is_full"]]
    fill(service, archive, "b.mha")
    states.append(card(service, editor, archive)["is_full"])
    image = service.call("GET", f"/api/v1/cases/images/?archive={archive}", editor).json["results"][0]

    refused = add(service, editor, archive, interface="generic-medical-image", image=image["api_url"])
    taken = add(service, editor, archive, interface="score", value=0.5)

    assert states == [False, True]
    assert (refused.status_code, taken.status_code) == (403, 201)
    assert refused.json["detail"].startswith("The archive is full: it may hold 2e-06 GB.")


def test_what_an_archive_holds_and_may_hold_is_told_to_those_with_a_role(
    service: ArchiveService, editor: str, archive: str
) -> None:
    service.call("PATCH", f"/api/v1/archives/{archive}/", editor, json={"public": True})
    fill(service, archive, "a.mha")

    assert card(service, editor, archive)["quota"] == {"held_bytes": 1234, "most_bytes": 2000}
    assert card(service, service.people.add_person("stranger"), archive)["quota"] is None


def test_nothing_with_an_image_comes_into_an_archive_that_is_full_by_another_door(
    service: ArchiveService, editor: str, archive: str
) -> None:
    full = service.archive("Full", editor=editor)
    fill(service, archive, "a.mha")
    fill(service, full, "b.mha", "c.mha", "d.mha")
    [item] = service.call("GET", f"{ITEMS}?archive={archive}", editor).json["results"]
    [deleted, *_] = service.call("GET", f"{ITEMS}?archive={full}", editor).json["results"]
    service.call("DELETE", deleted["api_url"], editor)
    service.settle()
    there = {"archive": f"{SITE}/api/v1/archives/{full}/"}
    image = {"interface": "generic-medical-image", "image": item["values"][0]["image"]}
    rows = {"rows": [{"operation": "create", "values": [image]}]}

    answers = [
        service.call("POST", f"{item['api_url']}copy/", editor, json=there),
        service.call("POST", f"{item['api_url']}move/", editor, json=there),
        service.call("POST", f"{deleted['api_url']}restore/", editor),
        service.call("POST", f"{ITEMS}bulk/", editor, json=there | rows),
    ]

    assert [answer.status_code for answer in answers] == [403] * 4
    assert service.library.items.count({"archive": full, "deleted": False}) == 2


def test_rows_with_images_end_where_the_archive_becomes_full(
    service: ArchiveService, editor: str, archive: str
) -> None:
    other = service.archive("Other", editor=editor)
    fill(service, other, "x.mha")
    [item] = service.call("GET", f"{ITEMS}?archive={other}", editor).json["results"]
    image = {"interface": "generic-medical-image", "image": item["values"][0]["image"]}
    rows = [{"operation": "create", "values": [image]}, {"operation": "create", "title": "without"}]
    body = {"archive": f"{SITE}/api/v1/archives/{archive}/", "rows": rows}
    task = service.call("POST", f"{ITEMS}bulk/", editor, json=body).json
    fill(service, archive, "a.mha", "b.mha")

    found = service.call("GET", task["api_url"], editor).json

    assert (found["done"], found["errors"]) == (1, [{"row": 0, "reasons": ["The archive is full."]}])


def test_rows_that_are_done_when_their_archive_is_deleted_leave_no_weight(
    service: ArchiveService, editor: str, archive: str
) -> None:
    body = {
        "archive": f"{SITE}/api/v1/archives/{archive}/",
        "rows": [{"operation": "create", "title": "late"}],
    }
    task = service.call("POST", f"{ITEMS}bulk/", editor, json=body).json
    address = f"/api/v1/archives/{archive}/"
    code = service.call("POST", f"{address}deletion/", editor, json={}).json["confirmation"]
    service.call("DELETE", address, editor, json={"confirmation": code})
    service.hear(ArchiveDeleted(archive=archive))

    service.settle()

    assert service.library.tasks.require(task["pk"]).failed == 1
    assert service.library.weights.get(archive) is None


def test_deleting_and_moving_make_room_again(service: ArchiveService, editor: str, archive: str) -> None:
    other = service.archive(editor=editor)
    fill(service, archive, "a.mha", "b.mha", "c.mha")
    assert is_full(service.library, archive)
    assert not is_full(service.library, other)
    first, second, _ = service.call("GET", f"{ITEMS}?archive={archive}", editor).json["results"]

    service.call("DELETE", f"{ITEMS}{first['pk']}/", editor)
    service.settle()
    assert is_full(service.library, archive)
    destination = {"archive": f"{SITE}/api/v1/archives/{other}/"}
    service.call("POST", f"{ITEMS}{second['pk']}/move/", editor, json=destination)
    service.settle()

    assert not is_full(service.library, archive)
    fill(service, other, "d.mha")
    assert is_full(service.library, other)


def test_a_stranger_is_not_told_whether_an_archive_is_full(service: ArchiveService, editor: str) -> None:
    public = service.archive(public=True, editor=editor)

    assert card(service, service.people.add_person("stranger"), public)["is_full"] is None


def test_the_file_of_a_slide_counts_when_it_is_made(
    service: ArchiveService, editor: str, archive: str
) -> None:
    event = an_import("slide.svs", archive=archive, image=new_id(), type="TIFF")
    service.hear(replace(event, files=[]))
    service.settle()
    assert not is_full(service.library, archive)

    file = replace(event.files[0], size_bytes=5000)
    service.hear(SlideComplete(image=event.image, file=file, width=2, height=1, levels=3))

    assert is_full(service.library, archive)
