"""What relays measure of outboxes and jobs, on every store."""

from collections.abc import Iterator

import pytest

from archive_shared.documents import Documents
from archive_shared.errors import Unavailable
from archive_shared.measuring import DocumentsMeasure
from archive_shared.metrics import JOBS, JOBS_AGE, MEASURED, OUTBOX, OUTBOX_AGE, Metric
from tests.support.announcing import (
    ANNOUNCING,
    COLLECTIONS,
    COUNTERS,
    TASKS,
    Counter,
    Task,
    add_task,
    counters_in,
    tasks_in,
)
from tests.support.clocks import StoppedClock
from tests.support.document_stores import Place


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock()


@pytest.fixture
def documents(place: Place) -> Iterator[Documents]:
    """The database of a service with counters and tasks."""
    with place.opened(COLLECTIONS) as documents:
        yield documents


def measured(documents: Documents, clock: StoppedClock) -> dict[tuple[Metric, str, str], float]:
    """Measure; values by metric, collection and state."""
    measure = DocumentsMeasure("a-service", documents, ANNOUNCING, jobs=[TASKS.name], clock=clock)
    return {
        (each.metric, each.labels.get("collection", ""), each.labels.get("state", "")): each.value
        for each in measure()
    }


def test_nothing_waits_where_nothing_happened(documents: Documents, clock: StoppedClock) -> None:
    values = measured(documents, clock)

    assert values.pop((MEASURED, "", "")) == 1
    assert len(values) == 7
    assert set(values.values()) == {0}


def test_backlog_and_age_of_the_outbox(documents: Documents, clock: StoppedClock) -> None:
    for number in range(3):
        counter = Counter(id=f"counter-{number}")
        counter.count()
        counters_in(documents, clock).add(counter)
        clock.advance(10)

    values = measured(documents, clock)

    assert values[OUTBOX, COUNTERS.name, ""] == 3
    assert values[OUTBOX_AGE, COUNTERS.name, ""] == 30
    assert values[OUTBOX, TASKS.name, ""] == 0


def test_jobs_that_wait_and_jobs_that_run(documents: Documents, clock: StoppedClock) -> None:
    for number in range(3):
        add_task(documents, f"task-{number}", clock)

    def claim(task: Task) -> None:
        task.job = task.job.claim(clock.now(), owner="me", lease_s=60)

    tasks_in(documents, clock).change("task-1", claim)
    clock.advance(5)

    values = measured(documents, clock)

    assert values[JOBS, TASKS.name, "queued"] == 2
    assert values[JOBS, TASKS.name, "running"] == 1
    assert values[JOBS_AGE, TASKS.name, ""] == 5


def test_a_store_that_does_not_answer_is_told(
    documents: Documents, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise Unavailable("gone")

    monkeypatch.setattr(documents, "find", fail)

    assert measured(documents, clock) == {(MEASURED, "", ""): 0}
