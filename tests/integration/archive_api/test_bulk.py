"""Thousands of items in one request: checked as a whole, done row by row, showing how far it is."""

from typing import Any

import pytest

from archive_shared.events import TaskDue
from archive_shared.identifiers import new_id
from tests.support.archive_service import SITE, Answer, ArchiveService, archive_service
from tests.support.folders import folder_in_memory
from tests.support.sockets import a_socket

ITEMS = "/api/v1/archives/items/"


def bulk(service: ArchiveService, token: str, archive: str, rows: list[dict[str, Any]]) -> Answer:
    body = {"archive": f"{SITE}/api/v1/archives/{archive}/", "rows": rows}
    return service.call("POST", f"{ITEMS}bulk/", token, json=body)


def created(count: int) -> list[dict[str, Any]]:
    values = [{"interface": "score", "value": 0.5}]
    return [{"operation": "create", "title": f"case {n}", "values": values} for n in range(count)]


def addresses(service: ArchiveService, token: str, archive: str) -> list[str]:
    page = service.call("GET", f"{ITEMS}?archive={archive}&limit=1000", token).json
    return [each["api_url"] for each in page["results"]]


def test_d28_ten_thousand_items_in_one_request_become_a_task_of_short_steps() -> None:
    with folder_in_memory() as folder:
        service = archive_service(folder)
        editor = service.people.add_person("editor")
        archive = service.archive(editor=editor)
        a_socket(service, "Score", "Float")

        answer = bulk(service, editor, archive, created(10_000))
        task, counts = answer.json, []
        for step in range(100):
            service.hear(TaskDue(task=task["pk"], step=step))
            counts.append(service.library.tasks.require(task["pk"]).done)

        assert answer.status_code == 202
        assert counts == list(range(100, 10_100, 100))
        shown = service.call("GET", task["api_url"], editor).json
        page = service.call("GET", f"{ITEMS}?archive={archive}&limit=1&offset=9999", editor).json
        assert (shown["state"], shown["done"], shown["failed"]) == ("done", 10_000, 0)
        assert (page["count"], page["results"][0]["title"], page["next"]) == (10_000, "case 9999", None)


def test_a_task_ends_where_the_role_of_who_began_it_was_taken(
    service: ArchiveService, editor: str, archive: str
) -> None:
    a_socket(service, "Score", "Float")
    uploader = service.people.add_person("uploader")
    service.people.give(uploader, "uploader", archive)
    task = bulk(service, uploader, archive, created(200)).json
    service.hear(TaskDue(task=task["pk"], step=0))

    service.people.take(uploader, archive)
    service.hear(TaskDue(task=task["pk"], step=1))

    found = service.library.tasks.require(task["pk"])
    assert (found.done, found.failed) == (100, 100)
    assert found.errors[0].reasons == ["You may not do this any more."]
    assert service.library.items.count({"archive": archive}) == 100


def test_deletions_stop_when_an_editor_becomes_an_uploader(
    service: ArchiveService, editor: str, archive: str
) -> None:
    a_socket(service, "Score", "Float")
    bulk(service, editor, archive, created(2))
    service.settle()
    first, second = addresses(service, editor, archive)
    rows = [{"operation": "delete", "item": first}, {"operation": "edit", "item": second, "title": "edited"}]
    task = bulk(service, editor, archive, rows).json

    service.people.give(editor, "uploader", archive)
    service.settle()

    found = service.library.tasks.require(task["pk"])
    assert (found.done, found.failed, found.errors[0].row) == (1, 1, 0)


def test_rows_create_edit_and_delete(service: ArchiveService, editor: str, archive: str) -> None:
    a_socket(service, "Score", "Float")
    bulk(service, editor, archive, created(3))
    service.settle()
    first, second, third = addresses(service, editor, archive)

    rows: list[dict[str, Any]] = [
        {"operation": "edit", "item": first, "title": "renamed", "removed": ["score"]},
        {"operation": "edit", "item": second, "values": [{"interface": "score", "value": 0.75}]},
        {"operation": "delete", "item": third},
        {"operation": "create"},
    ]
    task = bulk(service, editor, archive, rows).json
    service.settle()

    shown = service.call("GET", f"{ITEMS}?archive={archive}", editor).json["results"]
    assert [(each["title"], [value["value"] for value in each["values"]]) for each in shown] == [
        ("renamed", []),
        ("case 1", [0.75]),
        ("", []),
    ]
    assert service.call("GET", task["api_url"], editor).json["done"] == 4


def test_rows_with_a_version_do_not_undo_what_others_did(
    service: ArchiveService, editor: str, archive: str
) -> None:
    a_socket(service, "Score", "Float")
    bulk(service, editor, archive, created(4))
    service.settle()
    first, second, third, fourth = addresses(service, editor, archive)
    for changed in (first, third):
        service.call("PATCH", changed, editor, json={"values": [{"interface": "score", "value": 1}]})

    rows: list[dict[str, Any]] = [
        {"operation": "edit", "item": first, "title": "mine", "version": 1},
        {"operation": "edit", "item": second, "title": "mine too", "version": 1},
        {"operation": "delete", "item": third, "version": 1},
        {"operation": "delete", "item": fourth, "version": 1},
    ]
    task = bulk(service, editor, archive, rows).json
    event = TaskDue(task=task["pk"], step=0)
    service.hear(event)
    found = service.library.tasks.require(task["pk"])

    shown = service.call("GET", f"{ITEMS}?archive={archive}", editor).json["results"]
    assert [each["title"] for each in shown] == ["case 0", "mine too", "case 2"]
    assert [(each.row, each.reasons) for each in found.errors] == [
        (0, ["The item has version 3 by now."]),
        (2, ["The item has version 3 by now."]),
    ]


def test_a_step_that_died_half_way_finds_its_rows_done_whatever_their_version(
    service: ArchiveService, editor: str, archive: str
) -> None:
    a_socket(service, "Score", "Float")
    bulk(service, editor, archive, created(2))
    service.settle()
    first, second = addresses(service, editor, archive)
    rows = [
        {"operation": "edit", "item": first, "title": "mine", "removed": ["score"], "version": 1},
        {"operation": "delete", "item": second, "version": 1},
    ]
    task = bulk(service, editor, archive, rows).json
    service.call("PATCH", first, editor, json={"title": "mine", "removed": ["score"]})
    service.call("DELETE", second, editor)

    service.hear(TaskDue(task=task["pk"], step=0))

    found = service.library.tasks.require(task["pk"])
    assert (found.done, found.errors) == (2, [])


def test_an_archive_that_demands_versions_demands_them_of_rows(
    service: ArchiveService, editor: str, archive: str
) -> None:
    a_socket(service, "Score", "Float")
    bulk(service, editor, archive, created(1))
    service.settle()
    [item] = addresses(service, editor, archive)
    service.call("PATCH", f"/api/v1/archives/{archive}/", editor, json={"versions_required": True})
    rows = [
        {"operation": "create"},
        {"operation": "edit", "item": item},
        {"operation": "delete", "item": item},
    ]

    answer = bulk(service, editor, archive, rows)

    assert (answer.status_code, sorted(answer.json["errors"])) == (400, ["rows.1.version", "rows.2.version"])


def test_a_task_shows_how_far_it_is_while_it_is_done(
    service: ArchiveService, editor: str, archive: str
) -> None:
    a_socket(service, "Score", "Float")
    task = bulk(service, editor, archive, created(250)).json

    service.hear(TaskDue(task=task["pk"], step=0))

    shown = service.call("GET", task["api_url"], editor).json
    assert (shown["state"], shown["total"], shown["done"]) == ("running", 250, 100)
    assert [each["pk"] for each in service.call("GET", "/api/v1/tasks/", editor).json["results"]] == [
        task["pk"]
    ]


def test_a_step_that_is_heard_again_changes_nothing_more(
    service: ArchiveService, editor: str, archive: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_socket(service, "Score", "Float")
    task = bulk(service, editor, archive, created(150)).json
    with monkeypatch.context() as patched:
        patched.setattr(service.library.tasks, "change", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            service.hear(TaskDue(task=task["pk"], step=0))

    for step in (0, 0, 1, 1, 0):
        service.hear(TaskDue(task=task["pk"], step=step))

    shown = service.call("GET", task["api_url"], editor).json
    assert (shown["state"], shown["done"], shown["failed"]) == ("done", 150, 0)
    assert service.library.items.count({"archive": archive, "deleted": False}) == 150


def test_a_bad_row_is_named_and_nothing_is_begun(service: ArchiveService, editor: str, archive: str) -> None:
    a_socket(service, "Score", "Float")
    elsewhere = service.call(
        "POST", ITEMS, editor, json={"archive": f"{SITE}/api/v1/archives/{service.archive(editor=editor)}/"}
    ).json["api_url"]

    rows = [
        {"operation": "create", "values": [{"interface": "score", "value": "high"}]},
        {"operation": "create", "values": [{"interface": "unknown", "value": 1}]},
    ]
    values = bulk(service, editor, archive, rows)
    items = bulk(service, editor, archive, [{"operation": "delete", "item": elsewhere}])
    shape = bulk(service, editor, archive, [{"operation": "edit"}, {"operation": "polish"}])

    assert sorted(values.json["errors"]) == ["rows.0.values.0.value", "rows.1.values.0.interface"]
    assert list(items.json["errors"]) == ["rows.0.item"]
    assert sorted(shape.json["errors"]) == ["rows.0.item", "rows.1.operation"]
    assert service.library.tasks.count() == 0


def test_what_only_its_turn_can_tell_is_an_error_of_its_row_alone(
    service: ArchiveService, editor: str, archive: str
) -> None:
    rows = [{"operation": "create", "title": title} for title in ("a", "b", "c")]
    task = bulk(service, editor, archive, rows).json
    service.call("POST", ITEMS, editor, json={"archive": f"{SITE}/api/v1/archives/{archive}/", "title": "b"})
    service.settle()

    shown = service.call("GET", task["api_url"], editor).json
    assert (shown["done"], shown["failed"]) == (2, 1)
    assert shown["errors"] == [{"row": 1, "reasons": ["Another item of this archive has this title."]}]


def test_titles_that_will_be_taken_are_named_before_anything_begins(
    service: ArchiveService, editor: str, archive: str
) -> None:
    bulk(service, editor, archive, [{"operation": "create", "title": title} for title in ("a", "b", "c")])
    service.settle()
    a, b, c = addresses(service, editor, archive)

    rows: list[dict[str, Any]] = [
        {"operation": "create", "title": "c"},  # taken
        {"operation": "create", "title": "new"},
        {"operation": "create", "title": "new"},  # taken by the row above
        {"operation": "edit", "item": a, "title": "other"},
        {"operation": "create", "title": "a"},  # free by then
        {"operation": "edit", "item": b, "title": "b"},  # its own
        {"operation": "delete", "item": c},
        {"operation": "edit", "item": b, "title": "c"},  # free by then
    ]
    refused = bulk(service, editor, archive, rows)
    task = bulk(service, editor, archive, rows[1:2] + rows[3:]).json
    service.settle()

    assert list(refused.json["errors"]) == ["rows.0.title", "rows.2.title"]
    shown = service.call("GET", task["api_url"], editor).json
    assert (shown["state"], shown["done"], shown["failed"]) == ("done", 6, 0)


@pytest.mark.parametrize("is_table", [False, True])
def test_a_task_whose_answer_was_lost_is_answered_though_its_titles_are_taken_by_now(
    service: ArchiveService, editor: str, archive: str, monkeypatch: pytest.MonkeyPatch, is_table: bool
) -> None:
    address = f"/api/v1/archives/{archive}/"
    path = f"{address}import/" if is_table else f"{ITEMS}bulk/"
    rows = {"archive": f"{SITE}{address}", "rows": [{"operation": "create", "title": "a"}]}
    sent: dict[str, Any] = {
        "json": {"content": "title\na\n"} if is_table else rows,
        "headers": {"Idempotency-Key": "a key"},
    }
    with monkeypatch.context() as patched:
        patched.setattr(service.library.answers.repository, "change", lambda *_: 1 / 0)
        crashed = service.call("POST", path, editor, **sent)
    service.settle()

    again = [service.call("POST", path, editor, **sent) for _ in range(2)]

    assert [crashed.status_code, *(each.status_code for each in again)] == [500, 202, 202]
    assert (service.library.tasks.count(), service.library.items.count({"archive": archive})) == (1, 1)


def test_only_editors_delete(service: ArchiveService, editor: str, archive: str) -> None:
    uploader = service.people.add_person("uploader")
    service.people.give(uploader, "uploader", archive)
    bulk(service, uploader, archive, [{"operation": "create"}])
    service.settle()

    answer = bulk(
        service, uploader, archive, [{"operation": "delete", "item": addresses(service, editor, archive)[0]}]
    )

    assert answer.status_code == 403


def test_more_rows_than_ten_thousand_are_refused(service: ArchiveService, editor: str, archive: str) -> None:
    answer = bulk(service, editor, archive, [{"operation": "create"}] * 10_001)

    assert list(answer.json["errors"]) == ["rows"]


def test_d34_a_task_whose_archive_is_deleted_ends_with_reasons(
    service: ArchiveService, editor: str, archive: str
) -> None:
    task = bulk(service, editor, archive, [{"operation": "create"}] * 2).json
    path = f"/api/v1/archives/{archive}/"
    code = service.call("POST", f"{path}deletion/", editor, json={}).json["confirmation"]
    service.call("DELETE", path, editor, json={"confirmation": code})

    service.settle()

    shown = service.call("GET", task["api_url"], editor).json
    assert (shown["state"], shown["failed"]) == ("done", 2)
    assert shown["errors"][0]["reasons"] == ["The archive was deleted."]


def test_a_task_of_somebody_else_does_not_exist(service: ArchiveService, editor: str, archive: str) -> None:
    task = bulk(service, editor, archive, [{"operation": "create"}]).json
    other = service.people.add_person("other", administrator=True)

    assert service.call("GET", task["api_url"], other).status_code == 404
    assert service.call("GET", f"/api/v1/tasks/{new_id()}/", editor).status_code == 404
