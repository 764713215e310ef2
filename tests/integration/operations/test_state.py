"""`archivectl queues` and `archivectl outbox`: what waits, where, for how long, and why."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import pymongo
import pytest

from archive_shared.documents import Documents
from archive_shared.documents.connect import connect_documents
from archive_shared.events import ItemCreated
from archive_shared.messaging.topology import DEAD_LETTERS, LOG, listeners, service_queue
from archive_shared.wire.catalogue import ARCHIVE_API, TILER
from tests.integration.operations.conftest import Ctl
from tests.support.announcing import COLLECTIONS, COUNTERS, TASKS, Counter, add_task, counters_in
from tests.support.bus import Bus, an_item, consuming, settle_down
from tests.support.clocks import StoppedClock
from tests.support.processes import wait_until

QUEUE = "a-listener.events"


def by_name(rows: list[dict[str, Any]], name: str) -> dict[str, dict[str, Any]]:
    return {row[name]: row for row in rows}


# --- Queues ----------------------------------------------------------------------------------------------------------------


def test_a_queue_tells_how_much_waits_and_for_how_long(bus: Bus, ctl: Ctl) -> None:
    bus.publish(an_item(1))
    settle_down(1.2)
    bus.publish(an_item(2))

    queues = by_name(ctl.json("queues"), "queue")

    full = queues[service_queue(ARCHIVE_API)]
    assert full["waiting"] == 2
    assert 1.2 <= full["oldest_s"] < 30
    assert queues[service_queue(TILER)]["waiting"] == 0
    assert queues[service_queue(TILER)]["oldest_s"] is None
    assert queues[DEAD_LETTERS]["waiting"] == 0
    assert "oldest" in ctl.text("queues").splitlines()[0]


def test_a_job_queue_tells_for_how_long_jobs_wait(ctl: Ctl, documents_url: str, bus: Bus) -> None:
    clock = StoppedClock()
    clock.advance((datetime.now(UTC) - clock.now()).total_seconds() - 7200)
    with closing(connect_documents(documents_url, "tiler", COLLECTIONS)) as documents:
        add_task(documents, "a-task", clock)

    queues = by_name(ctl.json("queues"), "queue")
    _forget(documents_url, "tiler")

    assert 7200 <= queues["tiler.render"]["oldest_s"] < 7300
    assert queues["ingest-worker.import"]["oldest_s"] is None


def test_looking_again_and_again_harms_no_message(bus: Bus, ctl: Ctl) -> None:
    bus.publish(an_item(1))

    for _ in range(25):
        assert by_name(ctl.json("queues"), "queue")[service_queue(ARCHIVE_API)]["waiting"] == 1


def test_consumers_are_counted_where_the_bus_knows_them(bus: Bus, ctl: Ctl) -> None:
    with consuming(bus, QUEUE, {ItemCreated: lambda _: None}):
        wait_until(lambda: ctl.json("queues", QUEUE)[-1]["waiting"] is not None, timeout_s=10)
        if bus.is_embedded:
            assert ctl.json("queues", QUEUE)[-1]["consumers"] is None
        else:
            wait_until(lambda: ctl.json("queues", QUEUE)[-1]["consumers"] == 1, timeout_s=10)


def test_a_queue_that_is_not_there_is_told(ctl: Ctl) -> None:
    assert ctl.json("queues", "nobody.events")[-1] == {
        "queue": "nobody.events",
        "waiting": None,
        "consumers": None,
        "oldest_s": None,
    }


# --- Outboxes --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def documents(documents_url: str) -> Iterator[Documents]:
    """The database of a service."""
    documents = connect_documents(documents_url, "a-service", COLLECTIONS)
    try:
        yield documents
    finally:
        documents.close()
        _forget(documents_url, "a_service")


def _forget(documents_url: str, service: str) -> None:
    if documents_url.startswith("mongodb:"):
        server, _, prefix = documents_url.rpartition("/")
        with pymongo.MongoClient[dict[str, Any]](server) as client:
            client.drop_database(f"{prefix}_{service}")


def announce(documents: Documents, count: int, *, age_s: float) -> None:
    """Store counters with an event each, that was due a while ago."""
    clock = StoppedClock()
    clock.advance((datetime.now(UTC) - clock.now()).total_seconds() - age_s)
    for number in range(count):
        counter = Counter(id=f"counter-{age_s}-{number}")
        counter.count()
        counters_in(documents, clock).add(counter)


def test_outboxes_tell_what_waits_per_collection(ctl: Ctl, documents: Documents) -> None:
    announce(documents, 2, age_s=5)
    announce(documents, 1, age_s=7200)

    outboxes = by_name(ctl.json("outbox"), "collection")

    assert set(outboxes) == {COUNTERS.name, TASKS.name}
    counters = outboxes[COUNTERS.name]
    assert (counters["service"], counters["events"], counters["overdue"]) == ("a-service", 3, 1)
    assert 7200 <= counters["oldest_s"] < 7300
    assert counters["unroutable"] == 0
    assert outboxes[TASKS.name] | {"unroutable": 0} == {
        "service": "a-service",
        "collection": TASKS.name,
        "events": 0,
        "oldest_s": None,
        "overdue": 0,
        "unroutable": 0,
    }
    assert "2.0 h" in ctl.text("outbox")


def test_events_no_queue_wants_are_stuck(bus: Bus, ctl: Ctl, documents: Documents) -> None:
    announce(documents, 2, age_s=5)
    with bus.connected() as connection, closing(connection.channel()) as channel:
        for queue in (LOG, *map(service_queue, listeners())):
            channel.queue_delete(queue)

    assert by_name(ctl.json("outbox"), "collection")[COUNTERS.name]["unroutable"] == 2


def test_outboxes_are_told_although_the_bus_does_not_answer(
    ctl: Ctl, documents: Documents, monkeypatch: pytest.MonkeyPatch
) -> None:
    announce(documents, 1, age_s=5)
    monkeypatch.setitem(ctl.environment, "ARCHIVE_BUS_URL", "amqp://nobody:secret@127.0.0.1:1/none")

    assert by_name(ctl.json("outbox"), "collection")[COUNTERS.name]["unroutable"] is None


def test_where_nothing_is_kept_there_are_no_outboxes(ctl: Ctl) -> None:
    assert ctl.text("outbox") == "No service has an outbox yet.\n"
