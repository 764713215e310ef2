"""A lease: one holder at a time, passed on when it runs out or is released."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from archive_shared.documents.sqlite import SqliteDocuments
from archive_shared.outbox.lease import LEASES, Lease
from tests.support.announcing import open_documents
from tests.support.clocks import StoppedClock

DURATION_S = 9.0


@pytest.fixture
def documents(tmp_path: Path) -> Iterator[SqliteDocuments]:
    documents = open_documents(tmp_path)
    yield documents
    documents.close()


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock()


def lease(documents: SqliteDocuments, clock: StoppedClock, owner: str, name: str = "relay") -> Lease:
    return Lease(documents, name, owner=owner, duration_s=DURATION_S, clock=clock)


def revision(documents: SqliteDocuments) -> int:
    document = documents.get(LEASES.name, "relay")
    assert document is not None
    return int(document["rev"])


def test_the_first_one_holds_it(documents: SqliteDocuments, clock: StoppedClock) -> None:
    first, second = lease(documents, clock, "a"), lease(documents, clock, "b")

    assert first.hold()
    assert not second.hold()
    assert first.hold()


def test_it_is_passed_on_when_it_ran_out(documents: SqliteDocuments, clock: StoppedClock) -> None:
    first, second = lease(documents, clock, "a"), lease(documents, clock, "b")
    first.hold()

    clock.advance(DURATION_S)

    assert second.hold()
    assert not first.hold()


def test_it_is_kept_by_who_goes_on(documents: SqliteDocuments, clock: StoppedClock) -> None:
    first, second = lease(documents, clock, "a"), lease(documents, clock, "b")

    for _ in range(10):
        assert first.hold()
        clock.advance(DURATION_S / 2)
        assert not second.hold()


def test_holding_on_writes_once_in_a_third_of_its_time(
    documents: SqliteDocuments, clock: StoppedClock
) -> None:
    ours = lease(documents, clock, "a")

    for _ in range(90):
        ours.hold()
        clock.advance(DURATION_S / 90)

    assert revision(documents) == 3


def test_a_released_lease_is_free_at_once(documents: SqliteDocuments, clock: StoppedClock) -> None:
    first, second = lease(documents, clock, "a"), lease(documents, clock, "b")
    first.hold()

    first.release()

    assert second.hold()
    assert not first.hold()


def test_releasing_what_is_not_ours_changes_nothing(documents: SqliteDocuments, clock: StoppedClock) -> None:
    first, second = lease(documents, clock, "a"), lease(documents, clock, "b")
    first.hold()

    second.release()

    assert first.hold()
    assert not second.hold()


def test_leases_of_other_names_are_independent(documents: SqliteDocuments, clock: StoppedClock) -> None:
    assert lease(documents, clock, "a", "one").hold()
    assert lease(documents, clock, "b", "two").hold()
