"""The relay: everything announced is published, in order, at least once, and only what was confirmed is removed."""

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from archive_shared.bells import Bells
from archive_shared.documents.sqlite import CHANGES, SqliteDocuments
from archive_shared.errors import Unavailable
from archive_shared.events import ItemUpdated
from archive_shared.messaging.errors import Unroutable
from archive_shared.messaging.published import Envelope, Published, one_by_one
from archive_shared.messaging.publisher import Publisher
from archive_shared.outbox.lease import LEASES
from archive_shared.outbox.relay import BATCH, Relay, Round
from tests.support.announcing import (
    ANNOUNCING,
    COUNTERS,
    TASKS,
    Counter,
    add_task,
    counters_in,
    open_documents,
    tasks_in,
)
from tests.support.bus import JOBS, Bus, settle_down
from tests.support.clocks import StoppedClock
from tests.support.processes import wait_until

QUEUE = "a-listener.events"
NOTHING = Round(published=0, unroutable=0, hinted=0)


@pytest.fixture
def documents(tmp_path: Path) -> Iterator[SqliteDocuments]:
    documents = open_documents(tmp_path)
    yield documents
    documents.close()


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock()


@pytest.fixture
def listening(bus: Bus) -> Bus:
    bus.listen(QUEUE, ItemUpdated)
    return bus


class Troubled:
    """Passes on to a publisher, except what it is told to refuse or to break off at."""

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher
        self.unroutable: set[str] = set()
        self.breaking: set[str] = set()

    def publish(self, envelope: Mapping[str, Any]) -> None:
        self._check(envelope["subject"])
        self._check(f"{envelope['subject']} {envelope['data']['title']}")
        self._publisher.publish(envelope)

    def publish_all(self, envelopes: Sequence[Envelope]) -> Published:
        return one_by_one(self.publish, envelopes)

    def hint(self, queue: str, job_id: str) -> None:
        self._check(job_id)
        self._publisher.hint(queue, job_id)

    def keep_alive(self) -> None:
        self._publisher.keep_alive()

    def close(self) -> None:
        self._publisher.close()

    def _check(self, name: str) -> None:
        if name in self.unroutable:
            raise Unroutable(name)
        if name in self.breaking:
            raise Unavailable(name)


def heard(bus: Bus) -> list[str]:
    """What a listener got: subject and count of each event."""
    data = [json.loads(delivery.body) for delivery in bus.take_all(QUEUE)]
    return [f"{each['item']} {each['title']}" for each in data]


def counted(
    documents: SqliteDocuments, name: str, *, times: int, clock: StoppedClock | None = None
) -> Counter:
    counter = counters_in(documents, clock).add(Counter(id=name))
    for _ in range(times):
        counter = counters_in(documents, clock).change(name, Counter.count)
    return counter


def test_events_are_published_in_order_and_removed(listening: Bus, documents: SqliteDocuments) -> None:
    before = counted(documents, "a", times=3)

    with listening.publisher() as publisher:
        done = Relay(documents, ANNOUNCING, publisher).run_once()

    after = documents.get(COUNTERS.name, "a")
    assert after is not None
    assert (after["outbox"], after["announced"], "outbox_since" in after) == ([], 3, False)
    assert (after["version"], done.published) == (before.version, 3)
    assert heard(listening) == ["a 1", "a 2", "a 3"]


def test_the_oldest_announcement_goes_first(
    listening: Bus, documents: SqliteDocuments, clock: StoppedClock
) -> None:
    for name in ("z", "m", "a"):
        counted(documents, name, times=1, clock=clock)
        clock.advance(1)

    with listening.publisher() as publisher:
        Relay(documents, ANNOUNCING, publisher, clock=clock).run_once()

    assert heard(listening) == ["z 1", "m 1", "a 1"]


def test_a_change_while_publishing_is_kept_and_announced_next(
    listening: Bus, documents: SqliteDocuments
) -> None:
    counted(documents, "a", times=1)

    class Changing(Troubled):
        def publish(self, envelope: Mapping[str, Any]) -> None:
            super().publish(envelope)
            if envelope["sequence"] == 1:
                counters_in(documents).change("a", Counter.count)

    with listening.publisher() as publisher:
        relay = Relay(documents, ANNOUNCING, Changing(publisher))
        assert (relay.run_once().published, relay.run_once().published) == (1, 1)

    assert heard(listening) == ["a 1", "a 2"]
    assert counters_in(documents).require("a").number == 2


def test_what_was_confirmed_before_the_bus_broke_is_not_published_again(
    listening: Bus, documents: SqliteDocuments
) -> None:
    counted(documents, "a", times=3)

    with listening.publisher() as publisher:
        troubled = Troubled(publisher)
        troubled.breaking = {"a 3"}
        relay = Relay(documents, ANNOUNCING, troubled)
        with pytest.raises(Unavailable):
            relay.run_once()
        troubled.breaking = set()
        relay.run_once()

    assert heard(listening) == ["a 1", "a 2", "a 3"]


def test_what_nobody_wants_stays_due_and_holds_up_only_its_own_document(
    listening: Bus, documents: SqliteDocuments
) -> None:
    counted(documents, "a", times=3)
    counted(documents, "b", times=2)

    with listening.publisher() as publisher:
        troubled = Troubled(publisher)
        troubled.unroutable = {"a 2"}
        relay = Relay(documents, ANNOUNCING, troubled)
        first = relay.run_once()
        troubled.unroutable = set()
        second = relay.run_once()

    assert (first.published, first.unroutable, second.published) == (3, 1, 2)
    assert heard(listening) == ["a 1", "b 1", "b 2", "a 2", "a 3"]


def test_many_unroutable_documents_do_not_hold_up_the_rest(
    listening: Bus, documents: SqliteDocuments
) -> None:
    unwanted = {f"n{number}" for number in range(BATCH + 5)}
    for name in sorted(unwanted):
        counted(documents, name, times=1)
    counted(documents, "z", times=1)

    with listening.publisher() as publisher:
        troubled = Troubled(publisher)
        troubled.unroutable = unwanted
        relay = Relay(documents, ANNOUNCING, troubled)
        relay.run_once()
        relay.run_once()

    assert heard(listening) == ["z 1"]


@pytest.mark.parametrize("count", [BATCH, 2 * BATCH + 1])
def test_documents_that_were_unroutable_are_published_once_somebody_wants_them(
    listening: Bus, documents: SqliteDocuments, count: int
) -> None:
    unwanted = {f"n{number}" for number in range(count)}
    for name in sorted(unwanted):
        counted(documents, name, times=1)

    with listening.publisher() as publisher:
        troubled = Troubled(publisher)
        troubled.unroutable = unwanted
        relay = Relay(documents, ANNOUNCING, troubled)
        refused = [relay.run_once().unroutable for _ in range(3)]
        troubled.unroutable = set()
        published = sum(relay.run_once().published for _ in range(5))

    assert min(refused) > 0  # so the relay pauses
    assert published == count


def test_two_relays_publish_everything_once_and_in_order(listening: Bus, documents: SqliteDocuments) -> None:
    stop = threading.Event()
    with relaying(listening, documents, stop), relaying(listening, documents, stop):
        for name in ("a", "b", "c"):
            counted(documents, name, times=15)
        wait_until(lambda: nothing_waits(documents), timeout_s=30, what="publishing")
        stop.set()

    got = heard(listening)
    assert [event for event in got if event.startswith("b")] == [f"b {number}" for number in range(1, 16)]
    assert sorted(got) == sorted({*got})
    assert len(got) == 45


@contextmanager
def relaying(bus: Bus, documents: SqliteDocuments, stop: threading.Event) -> Iterator[None]:
    with bus.publisher() as publisher:
        thread = threading.Thread(target=Relay(documents, ANNOUNCING, publisher).run, args=(stop,))
        thread.start()
        yield
        thread.join(30)
        assert not thread.is_alive()


def test_an_event_wakes_a_relay_that_listens(
    listening: Bus, documents: SqliteDocuments, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("archive_shared.outbox.relay.LOOK_AGAIN_S", 300)
    bells, stop = Bells(tmp_path / "documents.db"), threading.Event()
    changes = bells.listen(CHANGES)
    with listening.publisher() as publisher:
        listener = Relay(documents, ANNOUNCING, publisher, changes=changes)
        thread = threading.Thread(target=listener.run, args=(stop,))
        thread.start()

        counted(documents, "a", times=1)

        wait_until(lambda: nothing_waits(documents), timeout_s=120, what="the event to be published")
        stop.set()
        bells.ring(CHANGES)
        thread.join(60)
    changes.close()
    assert not thread.is_alive()


def nothing_waits(documents: SqliteDocuments) -> bool:
    return not any(document["outbox"] for document in documents.find(COUNTERS.name))


def test_another_relay_takes_over_when_the_lease_ran_out(
    listening: Bus, documents: SqliteDocuments, clock: StoppedClock
) -> None:
    counted(documents, "a", times=1, clock=clock)
    with listening.publisher() as publisher, listening.publisher() as other:
        dead = Relay(documents, ANNOUNCING, publisher, clock=clock, lease_s=5)
        dead.run_once()
        heir = Relay(documents, ANNOUNCING, other, clock=clock, lease_s=5)
        counters_in(documents, clock).change("a", Counter.count)

        early = heir.run_once()
        clock.advance(5.1)
        late = heir.run_once()

    assert (early.published, late.published) == (0, 1)
    assert heard(listening) == ["a 1", "a 2"]


def test_a_relay_that_lost_its_lease_half_way_leaves_the_rest_to_the_next(
    listening: Bus, documents: SqliteDocuments, clock: StoppedClock
) -> None:
    counted(documents, "a", times=2, clock=clock)

    class Dozing(Troubled):
        def publish(self, envelope: Mapping[str, Any]) -> None:
            super().publish(envelope)
            clock.advance(5.1)
            heir.run_once()

    with listening.publisher() as publisher, listening.publisher() as other:
        heir = Relay(documents, ANNOUNCING, other, clock=clock, lease_s=5)
        Relay(documents, ANNOUNCING, Dozing(publisher), clock=clock, lease_s=5).run_once()

    assert heard(listening) == ["a 1", "a 1", "a 2"]


def test_what_follows_a_refused_event_waits_though_others_go_on(
    listening: Bus, documents: SqliteDocuments
) -> None:
    for name in ("a", "b"):
        counted(documents, name, times=3)

    with listening.publisher() as publisher:
        troubled = Troubled(publisher)
        troubled.unroutable = {"a 2"}
        relay = Relay(documents, ANNOUNCING, troubled)
        first = relay.run_once()
        troubled.unroutable = set()
        relay.run_once()

    assert (first.published, first.unroutable) == (4, 1)
    assert [event for event in heard(listening) if event.startswith("a")] == ["a 1", "a 2", "a 3"]


def test_stopping_lets_the_next_relay_start_at_once(listening: Bus, documents: SqliteDocuments) -> None:
    counted(documents, "a", times=1)
    stop = threading.Event()
    with relaying(listening, documents, stop):
        wait_until(lambda: nothing_waits(documents), timeout_s=10)
        stop.set()
    counters_in(documents).change("a", Counter.count)

    with listening.publisher() as publisher:
        assert Relay(documents, ANNOUNCING, publisher).run_once().published == 1


def test_a_relay_without_work_writes_nothing(bus: Bus, documents: SqliteDocuments) -> None:
    with bus.publisher() as publisher:
        relay = Relay(documents, ANNOUNCING, publisher, jobs={TASKS.name: JOBS})

        assert relay.run_once() == NOTHING
    assert documents.count(LEASES.name) == 0


def test_a_relay_survives_an_outage_of_the_bus(listening: Bus, documents: SqliteDocuments) -> None:
    stop = threading.Event()
    with listening.publisher() as publisher:
        troubled = Troubled(publisher)
        troubled.breaking = {"a"}
        counted(documents, "a", times=2)
        thread = threading.Thread(target=Relay(documents, ANNOUNCING, troubled).run, args=(stop,))
        thread.start()
        settle_down(0.5)
        assert not nothing_waits(documents)

        troubled.breaking = set()
        wait_until(lambda: nothing_waits(documents), timeout_s=10)
        stop.set()
        thread.join(10)

    assert heard(listening) == ["a 1", "a 2"]


# --- hints -------------------------------------------------------------------------------------------------------------


def hints(bus: Bus) -> list[str]:
    return [json.loads(delivery.body)["job"] for delivery in bus.take_all(JOBS)]


@pytest.fixture
def sweeping(bus: Bus, documents: SqliteDocuments, clock: StoppedClock) -> Iterator[Relay]:
    with bus.publisher() as publisher:
        yield Relay(documents, (), publisher, jobs={TASKS.name: JOBS}, clock=clock)


def test_a_new_job_is_hinted_at_once_and_again_after_growing_pauses(
    bus: Bus, documents: SqliteDocuments, clock: StoppedClock, sweeping: Relay
) -> None:
    add_task(documents, "t", clock)
    hinted_after_s = []

    for second in range(60):
        if sweeping.run_once().hinted:
            hinted_after_s.append(second)
        clock.advance(1)

    assert hinted_after_s == [0, 5, 15, 35]
    assert hints(bus) == ["t"] * 4


def test_a_job_nobody_took_for_weeks_is_still_hinted(
    bus: Bus, documents: SqliteDocuments, clock: StoppedClock, sweeping: Relay
) -> None:
    add_task(documents, "t", clock)
    tasks_in(documents, clock).change("t", hinted_often)

    sweeping.run_once()

    assert hints(bus) == ["t"]


def hinted_often(task: Any) -> None:
    task.job = replace(task.job, hints=20_000)


def test_a_running_job_is_hinted_when_its_lease_ran_out(
    bus: Bus, documents: SqliteDocuments, clock: StoppedClock, sweeping: Relay
) -> None:
    add_task(documents, "t", clock)
    tasks_in(documents, clock).change("t", lambda task: claim(task, clock))

    early = sweeping.run_once().hinted
    clock.advance(31)
    late = sweeping.run_once().hinted

    assert (early, late) == (0, 1)


def claim(task: Any, clock: StoppedClock) -> None:
    task.job = task.job.claim(clock.now(), owner="w", lease_s=30)


def test_a_job_that_waits_for_its_next_attempt_is_hinted_when_due(
    documents: SqliteDocuments, clock: StoppedClock, sweeping: Relay
) -> None:
    add_task(documents, "t", clock)

    def postpone(task: Any) -> None:
        claim(task, clock)
        task.job = task.job.give_back(clock.now(), reason="not yet", after_s=10)

    tasks_in(documents, clock).change("t", postpone)

    early = sweeping.run_once().hinted
    clock.advance(timedelta(seconds=10).total_seconds())
    late = sweeping.run_once().hinted

    assert (early, late) == (0, 1)


@pytest.mark.parametrize("end", ["finish", "fail", "cancel"])
def test_finished_jobs_are_left_alone(
    documents: SqliteDocuments, clock: StoppedClock, sweeping: Relay, end: str
) -> None:
    add_task(documents, "t", clock)

    def finish(task: Any) -> None:
        claim(task, clock)
        task.job = task.job.finish() if end == "finish" else getattr(task.job, end)("because")

    tasks_in(documents, clock).change("t", finish)
    clock.advance(1000)

    assert sweeping.run_once().hinted == 0


def test_a_hint_that_was_not_sent_is_sent_as_soon_as_possible(
    bus: Bus, documents: SqliteDocuments, clock: StoppedClock
) -> None:
    add_task(documents, "t", clock)
    with bus.publisher() as publisher:
        troubled = Troubled(publisher)
        relay = Relay(documents, (), troubled, jobs={TASKS.name: JOBS}, clock=clock)
        troubled.breaking = {"t"}
        with pytest.raises(Unavailable):
            relay.run_once()
        troubled.breaking = set()

        assert relay.run_once().hinted == 1
    assert hints(bus) == ["t"]


def test_hinting_leaves_the_version_alone(
    documents: SqliteDocuments, clock: StoppedClock, sweeping: Relay
) -> None:
    before = add_task(documents, "t", clock)

    sweeping.run_once()

    after = tasks_in(documents, clock).require("t")
    assert (after.version, after.job.state) == (before.version, before.job.state)


def test_two_relays_hint_once(bus: Bus, documents: SqliteDocuments, clock: StoppedClock) -> None:
    for number in range(10):
        add_task(documents, f"t{number}", clock)

    with bus.publisher() as one, bus.publisher() as two:
        relays = [Relay(documents, (), each, jobs={TASKS.name: JOBS}, clock=clock) for each in (one, two)]
        threads = [threading.Thread(target=relay.run_once) for relay in relays]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert sorted(hints(bus)) == sorted(f"t{number}" for number in range(10))
