"""How many items an archive has: exact where they are few, kept as a tally where they are many."""

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from archive_api.domain.item import Item
from archive_api.domain.tally import items_in
from archive_api.use_cases import count_items, paging
from archive_api.use_cases.count_items import recount
from archive_shared.documents.sqlite import SqliteDocuments
from archive_shared.identifiers import new_id
from tests.support.archive_service import ArchiveService

ITEMS = "/api/v1/archives/items/"


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three items are many."""
    monkeypatch.setattr(count_items, "FEW", 3)


def add(service: ArchiveService, archive: str, *, number: int = 1) -> list[str]:
    made = [
        Item.create(id=new_id(), archive=archive, title="", at=service.library.clock.now())
        for _ in range(number)
    ]
    return [service.library.items.add(item).id for item in made]


def page(service: ArchiveService, token: str, query: str) -> dict[str, Any]:
    answer = service.call("GET", f"{ITEMS}?{query}", token)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json
    return body


def test_a_few_items_are_counted_exactly_at_once(service: ArchiveService, editor: str, archive: str) -> None:
    add(service, archive, number=2)

    assert page(service, editor, f"archive={archive}")["count"] == 2
    assert service.library.tallies.get(archive) is None


def test_many_items_are_counted_by_their_events(service: ArchiveService, editor: str, archive: str) -> None:
    other = service.archive(editor=editor)
    first, second, *_ = add(service, archive, number=8)
    counts = [page(service, editor, f"archive={archive}&limit=1")["count"]]

    for method, path in (
        ("DELETE", f"{ITEMS}{first}/"),
        ("POST", f"{ITEMS}{first}/restore/"),
        ("DELETE", f"{ITEMS}{second}/"),
    ):
        service.call(method, path, editor)
        service.settle()
        counts.append(page(service, editor, f"archive={archive}&limit=1")["count"])
    service.library.items.change(first, lambda item: item.move(other, at=service.clock.now()))
    add(service, archive, number=3)
    service.settle()
    counts.append(page(service, editor, f"archive={archive}&limit=1")["count"])

    assert counts == [8, 7, 8, 7, 9]
    assert service.call("GET", f"/api/v1/archives/{archive}/", editor).json["item_count"] == 9


def test_a_count_that_lags_behind_hides_no_page(service: ArchiveService, editor: str, archive: str) -> None:
    add(service, archive, number=4)
    page(service, editor, f"archive={archive}")
    add(service, archive, number=5)  # their events are not heard yet

    pages = [page(service, editor, f"archive={archive}&limit=2")]
    while pages[-1]["next"]:
        pages.append(page(service, editor, pages[-1]["next"].partition("?")[2]))

    assert len({item["pk"] for each in pages for item in each["results"]}) == 9


def test_a_page_behind_the_end_does_not_raise_the_count(
    service: ArchiveService, editor: str, archive: str
) -> None:
    add(service, archive, number=2)

    assert page(service, editor, f"archive={archive}&offset=50")["count"] == 2


def test_items_of_several_archives_are_counted_together(service: ArchiveService, editor: str) -> None:
    archives = [service.archive(editor=editor) for _ in range(3)]
    for archive in archives:
        add(service, archive, number=4)

    assert page(service, editor, "limit=1")["count"] == 12


def test_all_items_there_are_are_counted_once_in_ten_seconds(
    service: ArchiveService, archive: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "LARGE_COUNT", 3)
    root = service.people.add_person("root", administrator=True)
    add(service, archive, number=3)

    first = page(service, root, "limit=1")["count"]
    add(service, archive)
    soon = page(service, root, "limit=1")["count"]
    service.clock.advance(seconds=11)

    assert (first, soon, page(service, root, "limit=1")["count"]) == (3, 3, 4)


def test_a_tally_is_right_after_changes_by_many_at_once(
    service: ArchiveService, editor: str, archive: str
) -> None:
    present = add(service, archive, number=20)
    page(service, editor, f"archive={archive}")
    lock, chance = threading.Lock(), random.Random(7)

    def come_and_go(_: int) -> None:
        [made] = add(service, archive)
        recount(service.library, archive, made)
        with lock:
            gone = present.pop(chance.randrange(len(present)))
        service.library.items.change(gone, lambda item: item.delete(at=service.clock.now()))
        recount(service.library, archive, gone)
        recount(service.library, archive, made)  # heard twice

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(come_and_go, range(12)))
        add(service, archive)  # not heard of, so not counted

    assert page(service, editor, f"archive={archive}&limit=1")["count"] == 20


def test_the_portions_of_a_tally_are_counted_out_of_an_index(service: ArchiveService, archive: str) -> None:

    assert isinstance(service.api.documents, SqliteDocuments)
    plan = service.api.documents.plan("items", items_in(archive, "ab"))

    assert any("items_by_archive_deleted_identifier" in step for step in plan), plan
