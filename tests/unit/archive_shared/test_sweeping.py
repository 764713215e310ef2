"""Sweeping by turns: of several processes of a service one sweeps, and trouble does not end it."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from archive_shared import sweeping
from archive_shared.documents import Documents
from archive_shared.documents.sqlite import SqliteDocuments
from archive_shared.errors import Unavailable
from archive_shared.outbox.lease import LEASES
from archive_shared.sweeping import Leftover, Stage, keep_sweeping, sweep_once


@pytest.fixture
def documents(tmp_path: Path) -> Iterator[Documents]:
    store = SqliteDocuments(tmp_path / "service.db", [LEASES])
    yield store
    store.close()


def leftover(stage: Stage) -> Leftover:
    return Leftover(kind="image", name="x", size_bytes=1, since=None, stage=stage)


class Counting:
    """A sweep that counts how often it is run; the process is asked to stop after so many looks."""

    def __init__(self) -> None:
        self.runs = 0

    def __call__(self, dry_run: bool) -> Iterator[Leftover]:
        assert not dry_run
        self.runs += 1
        yield leftover(Stage.REMOVED)


class StoppingAfter(threading.Event):
    """Is set after the process has looked so many times whether there is something to do."""

    def __init__(self, looks: int) -> None:
        super().__init__()
        self._left = looks

    def wait(self, timeout: float | None = None) -> bool:
        self._left -= 1
        if not self._left:
            self.set()
        return self.is_set()


def test_however_often_it_is_looked_and_by_how_many_one_sweeps_in_six_hours(documents: Documents) -> None:
    sweep = Counting()

    for _ in range(2):
        keep_sweeping(documents, sweep, StoppingAfter(looks=5))

    assert sweep.runs == 1


def test_it_sweeps_again_when_the_turn_is_over(documents: Documents) -> None:
    sweep = Counting()
    keep_sweeping(documents, sweep, StoppingAfter(looks=1))
    [turn] = documents.find(LEASES.name)
    documents.save(LEASES.name, turn | {"ends_at": "2000-01-01T00:00:00.000000Z"})

    keep_sweeping(documents, sweep, StoppingAfter(looks=1))

    assert sweep.runs == 2


def test_a_store_that_is_away_does_not_end_it(documents: Documents, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = 0

    def away(_: Documents) -> bool:
        nonlocal looks
        looks += 1
        raise Unavailable("The documents do not answer.")

    monkeypatch.setattr(sweeping, "_our_turn", away)
    keep_sweeping(documents, Counting(), StoppingAfter(looks=3))

    assert looks == 3


def test_only_what_was_removed_counts() -> None:
    def sweep(_: bool) -> Iterator[Leftover]:
        yield from map(leftover, (Stage.WAITING, Stage.REMOVED, Stage.REMOVED))

    assert sweep_once(sweep) == 2
