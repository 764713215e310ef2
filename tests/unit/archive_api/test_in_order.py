"""Lists out of several places of an index: what one query for all of them would find, at the cost of a page."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archive_api.domain.item import Item
from archive_api.use_cases import in_order
from archive_api.use_cases.browse_items import BY_AGE
from archive_api.use_cases.in_order import each_of, read_page
from archive_shared.identifiers import new_id
from tests.support.archive_service import ArchiveService, archive_service

DAY = datetime(2026, 11, 26, tzinfo=UTC)


@pytest.fixture
def service(quick_folder: Path) -> ArchiveService:
    return archive_service(quick_folder)


def add(service: ArchiveService, archive: str, hours: int) -> Item:
    at = DAY + timedelta(hours=hours)
    return service.library.items.add(Item.create(id=new_id(), archive=archive, title="", at=at))


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    ages=st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 5)), max_size=12),
    limit=st.integers(1, 5),
    most_merged=st.sampled_from([1, 100]),
)
def test_pages_of_several_archives_are_the_whole_in_order(
    service: ArchiveService, ages: list[tuple[str, int]], limit: int, most_merged: int
) -> None:
    batch = new_id()
    added = [add(service, f"{batch}{archive}", hours) for archive, hours in ages]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(in_order, "MOST_MERGED", most_merged)
        patch.setattr(in_order, "_FEWEST_AT_ONCE", 1)
        wheres = each_of("archive", [f"{batch}{archive}" for archive in "abc"], {"deleted": False})

        found: list[Item] = []
        while page := read_page(
            service.library.items, wheres, BY_AGE, BY_AGE.place(found[-1]) if found else None, limit=limit
        ):
            found += page

    assert [item.id for item in found] == [item.id for item in sorted(added, key=BY_AGE.key)]


def test_a_page_of_many_archives_reads_little_more_than_a_page(
    service: ArchiveService, monkeypatch: pytest.MonkeyPatch
) -> None:
    for archive in "abcd":
        for hours in range(60):
            add(service, archive, hours)
    read: list[int] = []
    find = service.library.items.find

    def noting_find(*arguments: Any, **named: Any) -> list[Item]:
        found = find(*arguments, **named)
        read.append(len(found))
        return found

    monkeypatch.setattr(service.library.items, "find", noting_find)

    page = read_page(
        service.library.items, each_of("archive", "abcd", {"deleted": False}), BY_AGE, None, limit=40
    )

    assert len(page) == 40
    assert sum(read) <= 80
