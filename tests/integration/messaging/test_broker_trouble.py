"""RabbitMQ goes away, hangs, or loses patience: jobs go on, consumers come back, nothing is lost."""

import threading
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from archive_shared.documents.sqlite import SqliteDocuments
from archive_shared.errors import Unavailable
from archive_shared.events import Event, ItemUpdated
from archive_shared.jobs.job import JobState
from archive_shared.jobs.worker import Worker
from archive_shared.messaging.connection import HANG_UP_TIMEOUT_S, connecting, hang_up
from archive_shared.messaging.consumer import consume
from archive_shared.messaging.following import Follower
from archive_shared.messaging.topology import platform_topology
from archive_shared.wire.cloud_events import ReceivedEvent
from tests.support.announcing import Counter, TaskHandler, add_task, counters_in, tasks_in
from tests.support.bus import IMPATIENT, JOBS, Bus, settle_down
from tests.support.parts import POLICY, PROGRAM, QUEUE, run_relay
from tests.support.processes import wait_until
from tests.support.rabbitmq import RabbitMQServer
from tests.support.threads import running
from tests.support.toxic_proxy import ToxicProxy, toxic_proxy

COUNTS = 40


@pytest.fixture
def bus(rabbitmq_server: RabbitMQServer) -> Bus:
    return Bus(rabbitmq_server.vhost())


@pytest.fixture
def proxy(rabbitmq_server: RabbitMQServer) -> Iterator[ToxicProxy]:
    with toxic_proxy(rabbitmq_server.port) as proxy:
        yield proxy


@pytest.fixture
def through(bus: Bus, proxy: ToxicProxy) -> Bus:
    """The same bus, reached through the proxy."""
    parts = urlsplit(bus.url)
    return Bus(parts._replace(netloc=parts.netloc.replace(f":{parts.port}", f":{proxy.port}")).geturl())


def work(through: Bus, documents: SqliteDocuments, stop: threading.Event) -> None:
    impatient = connecting(through.url, topology=platform_topology(JOBS), heartbeat_s=2)
    Worker(
        tasks_in(documents), TaskHandler(PROGRAM), connect=impatient, queue=JOBS, policy=POLICY, warm=False
    ).run(stop)


def is_done(documents: SqliteDocuments, name: str) -> bool:
    return tasks_in(documents).require(name).job.state is JobState.DONE


def test_a_job_longer_than_the_heartbeats_keeps_its_connection(
    bus: Bus, documents: SqliteDocuments, through: Bus
) -> None:
    add_task(documents, "t", seconds=8)

    with running(lambda stop: run_relay(bus, documents, stop), lambda stop: work(through, documents, stop)):
        wait_until(lambda: is_done(documents, "t"), timeout_s=60)
        add_task(documents, "next")
        wait_until(lambda: is_done(documents, "next"), timeout_s=30)

    assert [tasks_in(documents).require(name).job.epoch for name in ("t", "next")] == [1, 1]


def test_a_job_goes_on_while_the_broker_is_away(
    bus: Bus, documents: SqliteDocuments, through: Bus, proxy: ToxicProxy
) -> None:
    add_task(documents, "t", seconds=4, report=True)

    with running(lambda stop: run_relay(bus, documents, stop), lambda stop: work(through, documents, stop)):
        wait_until(lambda: tasks_in(documents).require("t").progress > 0, timeout_s=60)
        proxy.refuse()
        wait_until(lambda: is_done(documents, "t"), timeout_s=60)
        proxy.heal()
        add_task(documents, "next")
        wait_until(lambda: is_done(documents, "next"), timeout_s=60)

    assert tasks_in(documents).require("t").job.epoch == 1


@pytest.mark.timeout(180)
def test_a_silent_network_costs_a_consumer_nothing_but_time(
    bus: Bus, documents: SqliteDocuments, through: Bus, proxy: ToxicProxy
) -> None:
    heard: set[str] = set()
    impatient = connecting(through.url, heartbeat_s=2)
    bus.listen(QUEUE, ItemUpdated)

    def note(received: ReceivedEvent) -> None:
        heard.add(f"{received.subject} {received.sequence}")

    counters_in(documents).add(Counter(id="c"))
    with running(
        lambda stop: run_relay(bus, documents, stop),
        lambda stop: consume(impatient, QUEUE, {ItemUpdated: note}, stop, policy=IMPATIENT),
    ):
        for number in range(COUNTS):
            counters_in(documents).change("c", Counter.count)
            if number == COUNTS // 2:
                proxy.fall_silent()
        settle_down(6)
        proxy.heal()
        wait_until(lambda: len(heard) == COUNTS, timeout_s=60, what="every event")


def test_hanging_up_does_not_wait_for_a_broker_that_is_silent(through: Bus, proxy: ToxicProxy) -> None:
    connection = through.connect()
    proxy.fall_silent()
    began_s = time.monotonic()

    hang_up(connection)

    assert time.monotonic() - began_s < 10 * HANG_UP_TIMEOUT_S


def test_hanging_up_does_not_connect_again_to_a_broker_that_has_closed_the_connection(
    through: Bus, proxy: ToxicProxy
) -> None:
    connection = through.connect()
    driver = connection._connection
    assert driver is not None
    driver.collect()  # as it does when the broker closes the connection
    proxy.fall_silent()

    hang_up(connection)

    assert not driver.connected


def test_a_consumer_whose_queue_was_deleted_makes_it_again(bus: Bus, documents: SqliteDocuments) -> None:
    heard: list[str] = []
    with running(
        lambda stop: consume(
            bus.connect, QUEUE, {ItemUpdated: lambda received: heard.append(received.subject)}, stop
        )
    ):
        wait_until(lambda: queue_exists(bus), timeout_s=15)
        with bus.connected() as connection:
            connection.channel().queue_delete(QUEUE)
        wait_until(lambda: queue_exists(bus), timeout_s=15)

        bus.publish(ItemUpdated(item="i", archive="a", title="t"))

        wait_until(lambda: heard, timeout_s=15)


def queue_exists(bus: Bus) -> bool:
    try:
        bus.size(QUEUE)
    except Unavailable:
        return False
    return True


def test_a_follower_knows_when_it_is_cut_off_and_that_it_may_have_missed_something(
    bus: Bus, through: Bus, proxy: ToxicProxy
) -> None:
    told = ItemUpdated(item="item-1", archive="archive-1", title="t")
    heard: list[Event] = []
    gaps: list[int] = []
    follower = Follower(through.url, [ItemUpdated], hear=heard.append, missed=lambda: gaps.append(1))
    try:
        wait_until(follower.hears, timeout_s=60, what="hearing")

        proxy.refuse()
        wait_until(lambda: not follower.hears(), timeout_s=60, what="knowing that it is cut off")
        bus.publish(told)
        proxy.heal()
        wait_until(follower.hears, timeout_s=60, what="hearing again")
        bus.publish(told)
        wait_until(lambda: heard, timeout_s=60, what="the second event")
    finally:
        follower.stop()

    assert heard == [told]
    assert len(gaps) == 2
