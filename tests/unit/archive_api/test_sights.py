"""Why somebody sees an image, as services that act for them are told."""

from typing import Any

from tests.support.archive_service import ArchiveService
from tests.support.imports import an_import


def sight(service: ArchiveService, image: str, token: str) -> Any:
    return service.call("GET", f"/internal/v1/images/{image}/sight/", token).json


def test_the_archives_named_are_those_the_caller_may_use(service: ArchiveService) -> None:
    ann, administrator = service.people.add_person("ann"), service.people.add_person("a", administrator=True)
    event = an_import(archive=service.archive(user=ann))
    service.hear(event)
    service.settle()

    assert sight(service, event.image, ann) == {"archives": [event.archive], "is_theirs": False}
    assert sight(service, event.image, administrator) == {"archives": [event.archive], "is_theirs": False}


def test_what_no_item_holds_is_seen_by_who_uploaded_it_and_by_administrators(service: ArchiveService) -> None:
    ann, administrator = service.people.add_person("ann"), service.people.add_person("a", administrator=True)
    event = an_import(creator="user-ann")
    service.hear(event)

    assert sight(service, event.image, ann) == {"archives": [], "is_theirs": True}
    assert sight(service, event.image, administrator) == {"archives": [], "is_theirs": False}


def test_for_others_there_is_nothing_to_see(service: ArchiveService) -> None:
    bob = service.people.add_person("bob")
    event = an_import(archive=service.archive())
    service.hear(event)
    service.settle()

    answer = service.call("GET", f"/internal/v1/images/{event.image}/sight/", bob)

    assert answer.status_code == 404
