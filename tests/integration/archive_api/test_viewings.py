"""Items opened in viewers elsewhere: what the link is good for, what it is not, and for how long."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from archive_api.entrypoints.http.links import Links
from archive_shared.viewing import LASTS_S, PREFIX, START_WITHIN_S
from tests.integration.archive_api.test_downloads import add_copy, add_image
from tests.support.archive_service import SITE, Answer, ArchiveService

API = "/api/v1"


@pytest.fixture
def image(service: ArchiveService, archive: str) -> str:
    return add_image(service, archive, "a.mha", b"pixels")


@pytest.fixture
def item(service: ArchiveService, editor: str, archive: str, image: str) -> str:
    """An item with an image, in an archive with a viewer."""
    root = service.people.add_person("root", administrator=True)
    sent = {"title": "Viewer", "url": "https://viewer.test/open", "public": True}
    viewer = service.call("POST", f"{API}/workstations/", root, json=sent).json["api_url"]
    service.call("PATCH", f"{API}/archives/{archive}/", editor, json={"workstation": viewer})
    return service.library.items.find({"images": image})[0].id


def link(service: ArchiveService, token: str | None, item: str) -> Answer:
    return service.call("GET", f"{API}/archives/items/{item}/view-link/", token)


def start_of(answer: Answer) -> str:
    """Return what a link has behind the `#`."""
    return str(parse_qs(urlsplit(answer.json["url"]).fragment)["viewing"][0])


def begun(service: ArchiveService, token: str, item: str) -> str:
    answer = service.call(
        "GET", f"{API}/archives/items/{item}/viewing/", start_of(link(service, token, item))
    )
    assert answer.status_code == 200, answer.text
    written: str = answer.json["viewing"]
    return written


def statuses(service: ArchiveService, token: str, item: str, image: str) -> list[int]:
    """Return what is answered for the item, its image, the image's file, and why the image is seen."""
    [file] = service.library.images.require(image).files
    address = Links(SITE).file(image, file)
    paths = (
        f"{API}/archives/items/{item}/",
        f"{API}/cases/images/{image}/",
        address,
        f"/internal/v1/images/{image}/sight/",
    )
    return [service.call("GET", path, token).status_code for path in paths]


def test_a_link_leads_to_the_viewer_and_its_secret_reaches_no_server(
    service: ArchiveService, editor: str, item: str
) -> None:
    answer = link(service, editor, item)

    parts = urlsplit(answer.json["url"])
    assert answer.json["url"].startswith("https://viewer.test/open?item=")
    assert parts.fragment.startswith(f"viewing={PREFIX}")
    assert PREFIX not in parts.query
    assert editor not in answer.text
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_viewer_reads_the_item_and_its_images(
    service: ArchiveService, editor: str, item: str, image: str
) -> None:
    assert statuses(service, begun(service, editor, item), item, image) == [200, 200, 302, 200]


def test_a_viewing_is_good_for_nothing_else(
    service: ArchiveService, editor: str, archive: str, item: str
) -> None:
    viewing = begun(service, editor, item)
    other_image = add_image(service, archive, "b.mha", b"other")
    [other] = service.library.items.find({"images": other_image})

    assert statuses(service, viewing, other.id, other_image) == [404] * 4
    for method, path in (
        ("GET", f"{API}/archives/items/"),
        ("GET", f"{API}/archives/items/{item}/history/"),
        ("GET", f"{API}/archives/items/{item}/view-link/"),
        ("GET", f"{API}/archives/{archive}/"),
        ("GET", f"{API}/archives/{archive}/manifest/"),
        ("GET", f"{API}/cases/images/"),
        ("PATCH", f"{API}/archives/items/{item}/"),
        ("DELETE", f"{API}/archives/items/{item}/"),
        ("POST", f"{API}/archives/{archive}/downloads/"),
        ("GET", f"{API}/tasks/"),
    ):
        assert service.call(method, path, viewing, json={}).status_code == 401, path


def test_an_image_that_left_the_item_is_not_seen_any_more(
    service: ArchiveService, editor: str, archive: str, item: str, image: str
) -> None:
    viewing = begun(service, editor, item)
    add_copy(service, archive, "copy", image)  # so the person still sees the image
    service.call(
        "PATCH", f"{API}/archives/items/{item}/", editor, json={"removed": ["generic-medical-image"]}
    )

    assert service.call("GET", f"{API}/cases/images/{image}/", editor).status_code == 200
    assert statuses(service, viewing, item, image) == [200, 404, 404, 404]


def test_a_viewer_sees_no_more_than_the_person_does_at_that_moment(
    service: ArchiveService, archive: str, item: str, image: str
) -> None:
    user = service.people.add_person("user")
    service.people.give(user, "user", archive)
    viewing, start = begun(service, user, item), start_of(link(service, user, item))
    service.people.take(user, archive)

    assert statuses(service, viewing, item, image) == [404] * 4
    assert service.call("GET", f"{API}/archives/items/{item}/viewing/", start).status_code == 404
    del service.people.people[user]
    assert statuses(service, viewing, item, image) == [401] * 4


def test_a_link_has_to_be_opened_within_five_minutes_and_a_viewing_ends(
    service: ArchiveService, editor: str, item: str, image: str
) -> None:
    start, path = start_of(link(service, editor, item)), f"{API}/archives/items/{item}/viewing/"
    viewing = service.call("GET", path, start).json["viewing"]

    service.clock.advance(seconds=START_WITHIN_S)
    assert service.call("GET", path, start).status_code == 401
    assert statuses(service, viewing, item, image)[0] == 200
    service.clock.advance(seconds=LASTS_S)
    assert statuses(service, viewing, item, image) == [401] * 4


def test_a_link_is_good_for_beginning_alone_and_a_viewing_does_not_begin_another(
    service: ArchiveService, editor: str, archive: str, item: str, image: str
) -> None:
    start = start_of(link(service, editor, item))
    [other] = service.library.items.find({"images": add_image(service, archive, "b.mha", b"other")})

    assert statuses(service, start, item, image) == [401] * 4
    for written, about, status in (
        (begun(service, editor, item), item, 401),
        (start, other.id, 404),
        (f"{start[:-6]}AAAAAA", item, 401),
        (f"{PREFIX}nothing", item, 401),
    ):
        path = f"{API}/archives/items/{about}/viewing/"
        assert service.call("GET", path, written).status_code == status


def test_there_is_no_link_without_a_viewer_or_a_right(
    service: ArchiveService, editor: str, item: str
) -> None:
    elsewhere = service.archive(editor=editor)
    sent: dict[str, Any] = {"archive": f"{SITE}{API}/archives/{elsewhere}/"}
    bare = service.call("POST", f"{API}/archives/items/", editor, json=sent).json["pk"]

    assert link(service, editor, bare).status_code == 404
    assert link(service, service.people.add_person("outsider"), item).status_code == 404
    assert link(service, None, item).status_code == 401
