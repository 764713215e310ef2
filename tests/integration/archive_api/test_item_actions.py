"""Restoring, moving and copying items, what is remembered of them, and changes that must not undo others'."""

from collections.abc import Sequence
from typing import Any

import pytest

from archive_api.domain.history import Actor
from archive_shared.access import Answers, Question
from archive_shared.events import ItemMoved, ItemRestored
from archive_shared.identifiers import new_id
from tests.support.archive_service import SITE, Answer, ArchiveService
from tests.support.imports import an_import
from tests.support.sockets import a_socket

ITEMS = "/api/v1/archives/items/"


def there(archive: str) -> dict[str, str]:
    return {"archive": f"{SITE}/api/v1/archives/{archive}/"}


def an_item(service: ArchiveService, token: str, archive: str, title: str = "case") -> dict[str, Any]:
    """Let an image arrive, and return the item it became."""
    service.hear(an_import(title, archive=archive, image=new_id()))
    [item] = service.call("GET", f"{ITEMS}?archive={archive}", token).json["results"]
    found: dict[str, Any] = item
    return found


def act(service: ArchiveService, token: str, item: dict[str, Any], action: str, **body: Any) -> Answer:
    return service.call("POST", f"{item['api_url']}{action}/", token, json=body)


def actions(service: ArchiveService, token: str, item: dict[str, Any]) -> list[tuple[str, str]]:
    changes = service.call("GET", f"{item['api_url']}history/", token).json["results"]
    return [(change["action"], change["username"]) for change in changes]


def test_a_deleted_item_can_be_restored_with_everything(
    service: ArchiveService, editor: str, archive: str
) -> None:
    item = an_item(service, editor, archive)
    service.call("DELETE", item["api_url"], editor)

    restored = act(service, editor, item, "restore")

    assert restored.status_code == 200
    shown = service.call("GET", item["api_url"], editor).json
    assert (shown["title"], shown["values"]) == (item["title"], item["values"])
    assert isinstance(service.announced(identifier=item["pk"])[-1], ItemRestored)
    service.settle()
    assert service.call("GET", item["values"][0]["image"], editor).status_code == 200


def test_an_item_is_not_restored_when_its_title_is_taken(
    service: ArchiveService, editor: str, archive: str
) -> None:
    item = an_item(service, editor, archive)
    service.call("DELETE", item["api_url"], editor)
    service.call("POST", ITEMS, editor, json={**there(archive), "title": item["title"]})

    assert act(service, editor, item, "restore").status_code == 400


def test_an_item_that_was_deleted_long_ago_is_not_restored(
    service: ArchiveService, editor: str, archive: str
) -> None:
    item = an_item(service, editor, archive)
    service.call("DELETE", item["api_url"], editor)
    service.clock.advance(days=31)

    answer = act(service, editor, item, "restore")

    assert (answer.status_code, answer.json["detail"]) == (409, "Items can be restored for 30 days.")


def restorable(service: ArchiveService, token: str, archive: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = service.call(
        "GET", f"/api/v1/archives/{archive}/deleted-items/", token
    ).json["results"]
    return found


def test_editors_see_what_can_be_restored_the_last_deleted_first(
    service: ArchiveService, editor: str, archive: str
) -> None:
    items = [
        service.call("POST", ITEMS, editor, json={**there(archive), "title": title}).json
        for title in ("first", "second", "third")
    ]
    for item in items[:2]:
        service.call("DELETE", item["api_url"], editor)
    shown = restorable(service, editor, archive)

    assert service.call("POST", shown[0]["restore"], editor).status_code == 200

    assert [(each["title"], each["deleted_by"]) for each in shown] == [
        ("second", "editor"),
        ("first", "editor"),
    ]
    assert all(each["deleted"] < each["restorable_until"] for each in shown)
    assert [each["title"] for each in restorable(service, editor, archive)] == ["first"]


def test_what_can_be_restored_no_longer_is_not_listed(
    service: ArchiveService, editor: str, archive: str
) -> None:
    item = an_item(service, editor, archive)
    service.call("DELETE", item["api_url"], editor)
    service.clock.advance(days=31)

    assert restorable(service, editor, archive) == []


def test_a_moved_item_is_seen_by_the_people_of_its_new_archive_alone(
    service: ArchiveService, editor: str, archive: str
) -> None:
    """D3: the reference left the rights where they had been."""
    reader, other = service.people.add_person("reader"), service.archive(editor=editor)
    service.people.give(reader, "user", other)
    old_reader = service.people.add_person("old-reader")
    service.people.give(old_reader, "user", archive)
    item = an_item(service, editor, archive)

    moved = act(service, editor, item, "move", **there(other))

    assert moved.json["archive"] == there(other)["archive"]
    for path in (item["api_url"], item["values"][0]["image"]):
        assert service.call("GET", path, reader).status_code == 200
        assert service.call("GET", path, old_reader).status_code == 404
    event = service.announced(identifier=item["pk"])[-1]
    assert isinstance(event, ItemMoved)
    assert (event.previous_archive, event.archive) == (archive, other)


def test_moving_takes_rights_on_both_archives(service: ArchiveService, editor: str, archive: str) -> None:
    uploader, there_only = service.people.add_person("uploader"), service.people.add_person("there-only")
    other = service.archive(editor=there_only, uploader=uploader)
    service.people.give(uploader, "uploader", archive)
    item = an_item(service, editor, archive)

    assert act(service, uploader, item, "move", **there(other)).status_code == 403
    assert act(service, there_only, item, "move", **there(other)).status_code == 404
    assert act(service, editor, item, "move", **there(other)).json["errors"] == {
        "archive": ["Invalid hyperlink - Object does not exist."]
    }


@pytest.mark.parametrize("what", ["move", "edit", "delete"])
def test_a_right_on_where_an_item_was_is_none_on_where_it_is(
    service: ArchiveService, editor: str, archive: str, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """While the right is being looked at, somebody else moves the item to an archive the caller has no role on."""
    mine, hidden = service.archive(editor=editor), service.archive(editor=service.people.add_person("other"))
    item = an_item(service, editor, archive)
    decide = service.people.ask

    def decide_late(token: str | None, questions: Sequence[Question]) -> Answers:
        answers = decide(token, questions)
        if any(each.archive == archive for each in questions):
            by, at = Actor("other", "other"), service.library.clock.now()
            service.library.items.change(item["pk"], lambda present: present.move(hidden, at=at, by=by))
        return answers

    monkeypatch.setattr(service.people, "ask", decide_late)
    answers = {
        "move": lambda: act(service, editor, item, "move", **there(mine)),
        "edit": lambda: service.call("PATCH", item["api_url"], editor, json={"title": "mine"}),
        "delete": lambda: service.call("DELETE", item["api_url"], editor),
    }

    assert answers[what]().status_code == 404
    left = service.library.items.require(item["pk"])
    assert (left.archive, left.title, left.deleted) == (hidden, item["title"], False)


def test_d3_an_edit_does_not_move_an_item(service: ArchiveService, editor: str, archive: str) -> None:
    item = an_item(service, editor, archive)

    answer = service.call("PATCH", item["api_url"], editor, json=there(service.archive(editor=editor)))

    assert answer.json["errors"] == {"archive": ["An item stays in its archive."]}


def test_an_item_that_waits_for_an_import_stays_until_it_is_done(
    service: ArchiveService, editor: str, archive: str
) -> None:
    item = an_item(service, editor, archive)
    upload = f"{SITE}/api/v1/uploads/{service.uploads.upload(editor, 'o.mha', b'x')}/"
    values = [{"interface": "generic-overlay", "user_uploads": [upload]}]
    service.call("PATCH", item["api_url"], editor, json={"values": values})

    assert act(service, editor, item, "move", **there(service.archive(editor=editor))).status_code == 409


def test_a_copy_shares_the_values_and_says_where_it_came_from(
    service: ArchiveService, editor: str, archive: str
) -> None:
    item, other = an_item(service, editor, archive), service.archive(editor=editor)

    copy = act(service, editor, item, "copy", **there(other)).json

    assert [value["pk"] for value in copy["values"]] == [value["pk"] for value in item["values"]]
    [change] = service.call("GET", f"{copy['api_url']}history/", editor).json["results"]
    assert change["detail"] == f"as a copy of {item['pk']}"
    service.call("DELETE", item["api_url"], editor)
    assert service.call("GET", item["values"][0]["image"], editor).status_code == 200


def details(service: ArchiveService, token: str, item: dict[str, Any]) -> set[str]:
    changes = service.call("GET", f"{item['api_url']}history/", token).json["results"]
    return {change["detail"] for change in changes if change["action"] in ("created", "moved")} - {""}


def test_history_names_no_archive_and_no_item_that_its_reader_may_not_see(
    service: ArchiveService, editor: str, archive: str
) -> None:
    """Who has the exact address of a private archive is told its title, and may ask for access."""
    other = service.archive(editor=editor)
    ann = service.people.add_person("ann")
    service.people.give(ann, "uploader", archive)
    source = an_item(service, editor, other)
    copy = act(service, editor, source, "copy", **there(archive)).json
    service.call("PATCH", copy["api_url"], editor, json={"title": "copy"})  # the titles of an archive differ
    act(service, editor, source, "move", **there(archive))

    moved, copied = f"from {other}", f"as a copy of {source['pk']}"
    assert details(service, editor, source) == {moved}
    assert details(service, editor, copy) == {copied}
    assert details(service, ann, source) == {"from another archive"}
    assert details(service, ann, copy) == {copied}  # its source is in the same archive by now
    act(service, editor, source, "move", **there(other))
    assert details(service, ann, copy) == {"as a copy of another item"}


def test_history_tells_who_did_what_the_newest_first(
    service: ArchiveService, editor: str, archive: str
) -> None:
    a_socket(service, "Score", "Float")
    uploader = service.people.add_person("ann")
    service.people.give(uploader, "uploader", archive)
    item = an_item(service, editor, archive)

    values = [{"interface": "score", "value": 1.0}]
    service.call("PATCH", item["api_url"], uploader, json={"values": values, "title": "other"})
    service.call("PATCH", item["api_url"], editor, json={"removed": ["score"]})

    assert actions(service, editor, item) == [
        ("value removed", "editor"),
        ("value added", "ann"),
        ("renamed", "ann"),
        ("created", ""),
    ]


def test_an_answer_carries_a_version_and_a_change_for_another_one_is_refused(
    service: ArchiveService, editor: str, archive: str
) -> None:
    item = an_item(service, editor, archive)
    tag = service.call("GET", item["api_url"], editor).headers["ETag"]
    first = service.call("PATCH", item["api_url"], editor, json={"title": "a"}, headers={"If-Match": tag})

    second = service.call("PATCH", item["api_url"], editor, json={"title": "b"}, headers={"If-Match": tag})
    deletion = service.call("DELETE", item["api_url"], editor, headers={"If-Match": tag})

    assert (first.status_code, second.status_code, deletion.status_code) == (200, 412, 412)
    assert first.headers["ETag"] != tag
    assert service.call("GET", item["api_url"], editor).json["title"] == "a"


def test_publishing_an_announcement_is_no_new_version(
    service: ArchiveService, editor: str, archive: str
) -> None:
    item = an_item(service, editor, archive)
    tag = service.call("GET", item["api_url"], editor).headers["ETag"]
    document = service.api.documents.get("items", item["pk"])
    assert document is not None

    service.api.documents.save("items", document | {"outbox": []})

    answer = service.call("PATCH", item["api_url"], editor, json={"title": "a"}, headers={"If-Match": tag})
    assert answer.status_code == 200


@pytest.mark.parametrize("method", ["PATCH", "PUT", "DELETE"])
def test_an_archive_may_demand_versions_of_every_change(
    service: ArchiveService, editor: str, archive: str, method: str
) -> None:
    item = an_item(service, editor, archive)
    service.call("PATCH", f"/api/v1/archives/{archive}/", editor, json={"versions_required": True})

    answer = service.call(method, item["api_url"], editor, json={"values": []})

    assert answer.status_code == 428


@pytest.mark.parametrize("action", ["move", "restore"])
def test_an_item_that_others_changed_is_neither_moved_nor_restored(
    service: ArchiveService, editor: str, archive: str, action: str
) -> None:
    other = service.archive(editor=editor)
    service.call("PATCH", f"/api/v1/archives/{archive}/", editor, json={"versions_required": True})
    item = an_item(service, editor, archive)
    seen = service.call("GET", item["api_url"], editor).headers["ETag"]
    tag = service.call(
        "PATCH", item["api_url"], editor, json={"title": "b"}, headers={"If-Match": seen}
    ).headers["ETag"]
    if action == "restore":
        tag = service.call("DELETE", item["api_url"], editor, headers={"If-Match": tag}).headers["ETag"]

    def acted(**headers: str) -> int:
        url = f"{item['api_url']}{action}/"
        return service.call("POST", url, editor, json=there(other), headers=headers).status_code

    assert [acted(), acted(**{"If-Match": seen}), acted(**{"If-Match": tag})] == [428, 412, 200]


@pytest.mark.parametrize("tag", ["7", 'W/"7"', '"x"', '"1", "2"'])
def test_a_tag_that_is_none_of_ours_is_refused(
    service: ArchiveService, editor: str, archive: str, tag: str
) -> None:
    item = an_item(service, editor, archive)

    answer = service.call("PATCH", item["api_url"], editor, json={"title": "a"}, headers={"If-Match": tag})

    assert answer.json["errors"] == {"If-Match": ["Send the ETag of one answer, as it was."]}


def test_a_post_with_a_key_is_done_once_and_answered_the_same(
    service: ArchiveService, editor: str, archive: str
) -> None:
    headers = {"Idempotency-Key": "a key"}
    first, second = (
        service.call("POST", ITEMS, editor, json=there(archive), headers=headers) for _ in range(2)
    )

    assert (first.status_code, first.text) == (second.status_code, second.text)
    assert service.library.items.count({"archive": archive, "deleted": False}) == 1


def test_a_key_is_good_for_one_request_of_one_person(
    service: ArchiveService, editor: str, archive: str
) -> None:
    headers = {"Idempotency-Key": "a key"}
    service.call("POST", ITEMS, editor, json=there(archive), headers=headers)
    other = service.people.add_person("other")
    service.people.give(other, "uploader", archive)

    different = service.call("POST", ITEMS, editor, json={**there(archive), "title": "x"}, headers=headers)
    somebody = service.call("POST", ITEMS, other, json=there(archive), headers=headers)

    assert (different.status_code, somebody.status_code) == (422, 201)
    assert service.library.items.count({"archive": archive, "deleted": False}) == 2


def test_a_post_whose_answer_could_not_be_noted_is_not_done_twice(
    service: ArchiveService, editor: str, archive: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = {"Idempotency-Key": "a key"}
    with monkeypatch.context() as patched:
        patched.setattr(service.library.answers.repository, "change", lambda *_: 1 / 0)
        crashed = service.call("POST", ITEMS, editor, json=there(archive), headers=headers)

    again = service.call("POST", ITEMS, editor, json=there(archive), headers=headers)

    assert (crashed.status_code, again.status_code) == (500, 201)
    assert service.library.items.count({"archive": archive, "deleted": False}) == 1
