"""Publishing: what returned is safe, what did not is not, and nothing blocks for long."""

import multiprocessing
import time
from contextlib import closing
from urllib.parse import urlsplit

import pytest

from archive_shared.errors import Unavailable
from archive_shared.events import ItemCreated
from archive_shared.messaging.errors import Unroutable
from archive_shared.messaging.pika_publisher import PikaPublisher
from archive_shared.messaging.published import Published
from archive_shared.messaging.publisher import Publisher
from archive_shared.messaging.topology import EVENTS, LOG, Binding, Queue, Topology, platform_topology
from tests.support.bus import (
    JOBS,
    SPAWN,
    Bus,
    an_item,
    hint_many,
    kill,
    publish_for_ever,
    start,
    waiting,
)
from tests.support.processes import wait_until
from tests.support.rabbitmq import RabbitMQServer
from tests.support.resets import reset_connection
from tests.support.toxic_proxy import toxic_proxy


def test_what_was_confirmed_survives_the_death_of_its_publisher(bus: Bus) -> None:
    bus.listen("q", ItemCreated)
    counts = [SPAWN.Value("i", 0) for _ in range(3)]
    publishers = [start(publish_for_ever, bus, f"p{n}", count) for n, count in enumerate(counts)]

    wait_until(lambda: all(count.value > 20 for count in counts), timeout_s=60, what="publishing")
    for publisher in publishers:
        kill(publisher)

    arrived = [delivery.body for delivery in bus.take_all("q")]
    confirmed = {f"item-p{n}-{i}" for n, count in enumerate(counts) for i in range(count.value)}
    assert confirmed <= {body.decode().split('"')[3] for body in arrived}


def test_many_may_publish_at_once(bus: Bus) -> None:
    jobs = [[f"job-{n}-{i}" for i in range(100)] for n in range(3)]

    with multiprocessing.get_context("spawn").Pool(3) as pool:
        pool.starmap(hint_many, [(bus, each) for each in jobs])

    assert len({delivery.message_id for delivery in bus.take_all(JOBS)}) == 300


def test_what_no_queue_wants_is_refused_and_harms_nobody_else(bus: Bus) -> None:
    with bus.publisher() as publisher:
        publisher.hint(JOBS, "before")

        with pytest.raises(Unroutable):
            publisher.hint("a-service.unheard-of", "lost")

        publisher.hint(JOBS, "after")
    assert [delivery.message_id for delivery in bus.take_all(JOBS)] == ["before", "after"]


def test_events_published_together_arrive_in_order(bus: Bus) -> None:
    bus.listen("q", ItemCreated)
    events = [waiting(an_item(number)) for number in range(200)]

    with bus.publisher() as publisher:
        published = publisher.publish_all(events)

    assert published == Published(confirmed={event["id"] for event in events})
    assert [delivery.message_id for delivery in bus.take_all("q")] == [event["id"] for event in events]


def test_a_publisher_declares_what_was_deleted_while_it_was_away(bus: Bus) -> None:
    with bus.publisher() as publisher:
        publisher.hint(JOBS, "before")
        with bus.connected() as connection:
            connection.channel().queue_delete(JOBS)
        with pytest.raises(Unroutable):
            publisher.hint(JOBS, "refused")

        publisher.hint(JOBS, "after")

    assert [delivery.message_id for delivery in bus.take_all(JOBS)] == ["after"]


def test_idle_connections_stay_usable(bus: Bus) -> None:
    with bus.publisher() as publisher:
        publisher.hint(JOBS, "one")
        publisher.keep_alive()

        publisher.hint(JOBS, "two")

    assert bus.size(JOBS) == 2


def test_nobody_answers_at_a_wrong_address(bus: Bus) -> None:
    wrong = Bus("sqlite:////dev/null/bus.db") if bus.is_embedded else Bus("amqp://guest:guest@127.0.0.1:9/")

    with wrong.publisher() as publisher, pytest.raises(Unavailable):
        publisher.hint(JOBS, "lost")
    with pytest.raises(Unavailable):
        wrong.connect()


# --- hazards of RabbitMQ (spec/infrastructure.md 1.3) ------------------------------------------------------------------


def through(port: int, bus: Bus) -> Bus:
    parts = urlsplit(bus.url)
    return Bus(parts._replace(netloc=parts.netloc.replace(f":{parts.port}", f":{port}")).geturl())


def port_of(bus: Bus) -> int:
    port = urlsplit(bus.url).port
    assert port is not None
    return port


def test_a_refused_event_is_not_taken_for_a_published_one(rabbitmq_bus: Bus) -> None:
    full = {"x-queue-type": "quorum", "x-max-length": 1, "x-overflow": "reject-publish"}
    rabbitmq_bus.declare(Queue("full", full, bindings=[Binding(EVENTS, "#")]))

    with rabbitmq_bus.publisher() as publisher:
        outcome = wait_until(lambda: refusal(publisher), timeout_s=10, what="a full queue")

    assert "Nack" in outcome


def refusal(publisher: Publisher) -> str:
    try:
        publisher.publish(waiting(an_item(1)))
    except Unavailable as error:
        return str(error)
    return ""


def test_publishing_ends_soon_while_the_broker_takes_nothing(
    rabbitmq_server: RabbitMQServer, rabbitmq_bus: Bus
) -> None:
    with rabbitmq_bus.publisher() as publisher:
        publisher.hint(JOBS, "before")
        rabbitmq_server.rabbitmqctl("set_vm_memory_high_watermark", "0.00001")
        try:
            wait_until(
                lambda: "memory" in rabbitmq_server.rabbitmqctl("eval", "rabbit_alarm:get_alarms()."),
                timeout_s=30,
                what="a broker out of memory",
            )
            began_s = time.monotonic()
            with pytest.raises(Unavailable):
                publisher.hint(JOBS, "lost")
            publisher.close()
            assert time.monotonic() - began_s < 15
        finally:
            rabbitmq_server.rabbitmqctl("set_vm_memory_high_watermark", "0.4")

        wait_until(lambda: can_hint(publisher), timeout_s=30, what="publishing again")


def can_hint(publisher: Publisher) -> bool:
    try:
        publisher.hint(JOBS, "after")
    except Unavailable:
        return False
    return True


def test_a_broken_connection_costs_one_attempt(rabbitmq_bus: Bus) -> None:
    with (
        toxic_proxy(port_of(rabbitmq_bus)) as proxy,
        through(proxy.port, rabbitmq_bus).publisher() as publisher,
    ):
        publisher.hint(JOBS, "before")
        proxy.refuse()
        with pytest.raises(Unavailable):
            publisher.hint(JOBS, "lost")
        proxy.heal()

        publisher.hint(JOBS, "after")

    assert [delivery.message_id for delivery in rabbitmq_bus.take_all(JOBS)] == ["before", "after"]


def test_a_lost_confirm_counts_as_not_published(rabbitmq_bus: Bus) -> None:
    with (
        toxic_proxy(port_of(rabbitmq_bus)) as proxy,
        through(proxy.port, rabbitmq_bus).publisher() as publisher,
    ):
        publisher.hint(JOBS, "before")
        proxy.lose_reply_to(b"doubtful")

        with pytest.raises(Unavailable):
            publisher.hint(JOBS, "doubtful")

        publisher.hint(JOBS, "doubtful")
    ids = [delivery.message_id for delivery in rabbitmq_bus.take_all(JOBS)]
    assert ids == ["before", "doubtful", "doubtful"]


@pytest.mark.timeout(120)
def test_a_silent_network_is_noticed(rabbitmq_bus: Bus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archive_shared.messaging.pika_publisher.HEARTBEAT_S", 2)
    with (
        toxic_proxy(port_of(rabbitmq_bus)) as proxy,
        through(proxy.port, rabbitmq_bus).publisher() as publisher,
    ):
        publisher.hint(JOBS, "before")
        proxy.fall_silent()
        began_s = time.monotonic()

        with pytest.raises(Unavailable):
            publisher.hint(JOBS, "lost")

        assert time.monotonic() - began_s < 30


def test_a_broker_that_accepts_and_says_nothing_is_noticed(
    rabbitmq_bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("archive_shared.messaging.pika_publisher.CONNECT_TIMEOUT_S", 3)
    with (
        toxic_proxy(port_of(rabbitmq_bus)) as proxy,
        through(proxy.port, rabbitmq_bus).publisher() as publisher,
    ):
        proxy.fall_silent()
        with pytest.raises(Unavailable):
            publisher.hint(JOBS, "lost")
        proxy.heal()

        publisher.hint(JOBS, "after")

    assert [delivery.message_id for delivery in rabbitmq_bus.take_all(JOBS)] == ["after"]


@pytest.mark.parametrize("connection", [1, 2], ids=["that declares", "that publishes"])
def test_a_connection_that_is_reset_the_moment_it_is_made_is_made_again(
    rabbitmq_bus: Bus, monkeypatch: pytest.MonkeyPatch, connection: int
) -> None:
    with rabbitmq_bus.publisher() as publisher:
        reset_connection(monkeypatch, connection)
        with pytest.raises(Unavailable, match="connected socket"):
            publisher.hint(JOBS, "lost")

        publisher.hint(JOBS, "after")

    assert [delivery.message_id for delivery in rabbitmq_bus.take_all(JOBS)] == ["after"]


def test_of_events_published_together_each_has_its_own_fate(rabbitmq_bus: Bus) -> None:
    limited = {"x-queue-type": "quorum", "x-max-length": 1, "x-overflow": "reject-publish"}
    full = Queue("full", limited, bindings=[Binding(EVENTS, "full")])
    bare = Topology(queues=[full, *(queue for queue in platform_topology().queues if queue.name != LOG)])
    good, unwanted = (waiting(an_item(number)) for number in range(2))
    unwanted["type"] = "archive.unheard.of.v1"
    with closing(PikaPublisher(rabbitmq_bus.url, bare)) as publisher:
        wait_until(
            lambda: publisher.publish_all([waiting(an_item(2)) | {"type": "full"}]).trouble, timeout_s=10
        )
        refused = waiting(an_item(3)) | {"type": "full"}

        published = publisher.publish_all([unwanted, refused, good])

    assert (published.confirmed, published.unroutable) == ({good["id"]}, {unwanted["id"]})
    assert "Nack" in str(published.trouble)


def test_of_events_whose_confirms_were_lost_none_counts_as_published(rabbitmq_bus: Bus) -> None:
    events = [waiting(an_item(number)) for number in range(3)]
    rabbitmq_bus.listen("q", ItemCreated)
    with (
        toxic_proxy(port_of(rabbitmq_bus)) as proxy,
        through(proxy.port, rabbitmq_bus).publisher() as publisher,
    ):
        publisher.hint(JOBS, "before")
        proxy.lose_reply_to(events[0]["id"].encode())

        lost = publisher.publish_all(events)
        again = publisher.publish_all(events)

    assert lost.confirmed == set()
    assert lost.trouble is not None
    assert again.confirmed == {event["id"] for event in events}
    assert {delivery.message_id for delivery in rabbitmq_bus.take_all("q")} == again.confirmed


def test_an_event_is_refused_where_even_the_log_is_missing(rabbitmq_bus: Bus) -> None:
    bare = Topology(queues=[queue for queue in platform_topology().queues if queue.name != LOG])

    with closing(PikaPublisher(rabbitmq_bus.url, bare)) as publisher, pytest.raises(Unroutable):
        publisher.publish(waiting(an_item(1)) | {"type": "archive.unheard.of.v1"})
