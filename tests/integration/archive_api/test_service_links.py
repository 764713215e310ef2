"""Links of other services: services register them, editors see them, and nothing linked is deleted under their hands."""

from typing import Any

import pytest

from archive_shared.clock import SystemClock
from archive_shared.http import service_tokens
from archive_shared.identifiers import new_id
from tests.support.archive_service import SECRET, SITE, Answer, ArchiveService

ITEMS = "/api/v1/archives/items/"


def as_service(
    service: ArchiveService, method: str, path: str, name: str = "challenges", **more: Any
) -> Answer:
    token = service_tokens.issue(SECRET, service=name, clock=SystemClock())
    return service.call(method, path, headers={service_tokens.HEADER: token}, **more)


def register(service: ArchiveService, kind: str, target: str, **more: Any) -> Answer:
    sent = {"reference": "evaluation-1", "kind": "evaluation", "target_kind": kind, "target": target, **more}
    return as_service(service, "POST", "/internal/v1/links/", json=sent)


@pytest.fixture
def item(service: ArchiveService, editor: str, archive: str) -> dict[str, Any]:
    sent = {"archive": f"{SITE}/api/v1/archives/{archive}/", "title": "a"}
    made: dict[str, Any] = service.call("POST", ITEMS, editor, json=sent).json
    return made


def delete_archive(service: ArchiveService, editor: str, archive: str) -> Answer:
    path = f"/api/v1/archives/{archive}/"
    code = service.call("POST", f"{path}deletion/", editor, json={}).json["confirmation"]
    return service.call("DELETE", path, editor, json={"confirmation": code})


def test_editors_see_what_refers_to_their_archive(
    service: ArchiveService, editor: str, archive: str, item: dict[str, Any]
) -> None:
    register(service, "item", item["pk"], title="Phase 1", url="https://challenge.test/1/")

    [link] = service.call("GET", f"/api/v1/archives/{archive}/links/", editor).json["results"]

    assert (link["service"], link["kind"], link["title"]) == ("challenges", "evaluation", "Phase 1")
    assert (link["target_kind"], link["target"], link["url"]) == (
        "item",
        item["pk"],
        "https://challenge.test/1/",
    )


def test_registering_again_is_the_same_link(service: ArchiveService, editor: str, archive: str) -> None:
    first, second = register(service, "archive", archive), register(service, "archive", archive)

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json == second.json


def test_registering_again_tells_the_editors_the_new_title_and_address(
    service: ArchiveService, editor: str, archive: str
) -> None:
    first = register(service, "archive", archive, title="Phase 1", url="https://challenge.test/1/").json

    again = register(service, "archive", archive, title="Final", url="https://challenge.test/2/").json

    assert again == first | {"title": "Final", "url": "https://challenge.test/2/"}
    listed = service.call("GET", f"/api/v1/archives/{archive}/links/", editor).json["results"]
    assert listed == [again]


def test_people_cannot_register_links(service: ArchiveService, editor: str, archive: str) -> None:
    sent = {"reference": "r", "kind": "k", "target_kind": "archive", "target": archive}

    assert service.call("POST", "/internal/v1/links/", editor, json=sent).status_code == 401


@pytest.mark.parametrize("kind", ["archive", "item", "snapshot"])
def test_nothing_can_be_linked_that_is_not_there(service: ArchiveService, kind: str) -> None:
    assert register(service, kind, new_id()).status_code == 404


def test_d16_an_item_that_others_refer_to_is_not_deleted_until_they_let_go(
    service: ArchiveService, editor: str, archive: str, item: dict[str, Any]
) -> None:
    link = register(service, "item", item["pk"], title="Phase 1").json

    refused = service.call("DELETE", item["api_url"], editor)
    assert refused.status_code == 409
    assert "challenges: evaluation Phase 1" in refused.json["detail"]
    assert service.call("GET", item["api_url"], editor).status_code == 200

    assert as_service(service, "DELETE", f"/internal/v1/links/{link['pk']}/").status_code == 204
    assert service.call("DELETE", item["api_url"], editor).status_code == 204


def test_an_item_that_others_refer_to_stays_in_its_archive(
    service: ArchiveService, editor: str, item: dict[str, Any]
) -> None:
    register(service, "item", item["pk"])
    other = {"archive": f"{SITE}/api/v1/archives/{service.archive(editor=editor)}/"}

    assert service.call("POST", f"{item['api_url']}move/", editor, json=other).status_code == 409


def test_who_asks_for_the_deletion_of_an_archive_is_told_what_stands_against_it(
    service: ArchiveService, editor: str, archive: str
) -> None:
    path = f"/api/v1/archives/{archive}/deletion/"
    assert service.call("POST", path, editor, json={}).json["hindrances"] == []
    register(service, "archive", archive)

    [hindrance] = service.call("POST", path, editor, json={}).json["hindrances"]

    assert "challenges" in hindrance


def test_many_items_are_deleted_but_the_linked_one_says_why_it_is_not(
    service: ArchiveService, editor: str, archive: str, item: dict[str, Any]
) -> None:
    register(service, "item", item["pk"])
    address = f"{SITE}/api/v1/archives/{archive}/"
    other = service.call("POST", ITEMS, editor, json={"archive": address, "title": "b"}).json
    rows = [{"operation": "delete", "item": each["api_url"]} for each in (item, other)]

    task = service.call("POST", f"{ITEMS}bulk/", editor, json={"archive": address, "rows": rows}).json
    service.settle()

    shown = service.call("GET", task["api_url"], editor).json
    assert (shown["done"], shown["failed"]) == (1, 1)
    assert "challenges" in shown["errors"][0]["reasons"][0]


def test_an_item_in_a_linked_version_may_change_and_go(
    service: ArchiveService, editor: str, archive: str, item: dict[str, Any]
) -> None:
    snapshot = service.call("POST", f"/api/v1/archives/{archive}/snapshots/", editor, json={}).json
    assert register(service, "snapshot", snapshot["pk"]).status_code == 201

    assert service.call("PATCH", item["api_url"], editor, json={"title": "b"}).status_code == 200
    assert service.call("DELETE", item["api_url"], editor).status_code == 204


@pytest.mark.parametrize("kind", ["archive", "item", "snapshot"])
def test_an_archive_is_not_deleted_while_others_refer_to_anything_of_it(
    service: ArchiveService, editor: str, archive: str, item: dict[str, Any], kind: str
) -> None:
    snapshot = service.call("POST", f"/api/v1/archives/{archive}/snapshots/", editor, json={}).json
    target = {"archive": archive, "item": item["pk"], "snapshot": snapshot["pk"]}[kind]
    link = register(service, kind, target).json

    assert delete_archive(service, editor, archive).status_code == 409
    as_service(service, "DELETE", f"/internal/v1/links/{link['pk']}/")
    assert delete_archive(service, editor, archive).status_code == 204


def test_a_service_cannot_remove_the_links_of_another(service: ArchiveService, archive: str) -> None:
    link = register(service, "archive", archive).json

    answer = as_service(service, "DELETE", f"/internal/v1/links/{link['pk']}/", name="reader-studies")

    assert answer.status_code == 404


def test_administrators_forget_links_of_services_that_are_no_more(
    service: ArchiveService, editor: str, archive: str
) -> None:
    root = service.people.add_person("root", administrator=True)
    link = register(service, "archive", archive).json
    path = f"/api/v1/archives/{archive}/links/{link['pk']}/"

    assert service.call("DELETE", path, editor).status_code == 403
    assert service.call("DELETE", path, root).status_code == 204
    assert service.call("DELETE", path, root).status_code == 404
