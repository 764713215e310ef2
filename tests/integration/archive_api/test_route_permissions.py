"""What archive-api does with the answers of permissions; who gets what from which route: tests/integration/matrix."""

from archive_api.domain.item import Item
from archive_shared.identifiers import derived_id, new_id
from tests.support.archive_service import SITE, ArchiveService
from tests.support.imports import an_import


def add_item(service: ArchiveService, archive: str) -> Item:
    """Let an image arrive in the archive, and return the item it became."""
    event = an_import(archive=archive, image=new_id())
    service.hear(event)
    return service.library.items.require(derived_id("item", event.image, archive))


def test_a_role_taken_away_is_gone_with_the_next_request(service: ArchiveService) -> None:
    token = service.people.add_person("ann")
    archive = service.archive(user=token)
    path = f"/api/v1/cases/images/{add_item(service, archive).images[0]}/"
    assert service.call("GET", path, token).status_code == 200

    service.people.take(token, archive)

    assert service.call("GET", path, token).status_code == 404


def test_an_image_in_two_archives_is_seen_by_the_members_of_either(service: ArchiveService) -> None:
    ann, bob, out = (service.people.add_person(name) for name in ("ann", "bob", "out"))
    one, other = service.archive(editor=ann), service.archive(user=bob, editor=ann)
    image = add_item(service, one).images[0]
    shown = service.call("GET", f"/api/v1/cases/images/{image}/", ann).json
    value = {"interface": "generic-medical-image", "image": shown["api_url"]}
    made = service.call(
        "POST", "/api/v1/archives/items/", ann, json={"archive": f"{SITE}/api/v1/archives/{other}/"}
    )
    service.call("PATCH", f"/api/v1/archives/items/{made.json['pk']}/", ann, json={"values": [value]})

    seen = {who: service.call("GET", f"/api/v1/cases/images/{image}/", who).status_code for who in (bob, out)}

    assert seen == {bob: 200, out: 404}


def test_who_may_not_create_archives_is_told_so(service: ArchiveService) -> None:
    token = service.people.add_person("ann")
    service.people.creators = False

    answer = service.call("POST", "/api/v1/archives/", token, json={"title": "New"})

    assert answer.status_code == 403
    assert service.library.archives.count() == 0
    assert not service.people.roles
