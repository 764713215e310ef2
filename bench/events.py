"""`make bench-events`: from the outbox to a subscriber, beside bare pika and bare kombu publishing with confirms.

Everybody publishes the same events, persistent, with confirms and `mandatory`, over one connection to the same topology: a
quorum queue and the log want each event. The bare ones publish one by one and do nothing else; ours reads the events from
documents, publishes, removes them from there, and has a subscriber in another process handle them, all of which is in the time.
"""

import argparse
import random
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from functools import partial
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from typing import Any

import pika
from kombu.messaging import Producer
from pika.adapters.blocking_connection import BlockingChannel

from archive_shared.events import ItemUpdated
from archive_shared.messaging.consumer import consume
from archive_shared.messaging.publisher import connect_publisher
from archive_shared.messaging.topology import EVENTS
from archive_shared.outbox.relay import Relay
from archive_shared.wire.cloud_events import EncodedEvent, ReceivedEvent, encode
from bench.measuring import Figures, Measure, compare, conditions, fresh, percentile, table
from tests.support.announcing import ANNOUNCING, Counter, counters_in, open_documents
from tests.support.bus import JOBS, SPAWN, Bus, waiting
from tests.support.rabbitmq import RabbitMQServer, running_rabbitmq
from tests.support.servers import installed

QUEUE = "a-listener.events"
PAUSE_S = 0.04
READY = "ready"


def main() -> None:
    options = _options()
    with tempfile.TemporaryDirectory(prefix="bench-events-") as name:
        folder = Path(name)
        (folder / "rabbitmq").mkdir()
        with running_rabbitmq(folder / "rabbitmq", installed("RabbitMQ")) as server:
            _throughput(server, folder, events=options.events, rounds=options.rounds)
            _latency(server, folder, samples=options.samples, rounds=options.rounds)


def _throughput(server: RabbitMQServer, folder: Path, *, events: int, rounds: int) -> None:
    contestants: dict[str, Measure] = {
        "bare pika, confirms": fresh(bare_pika, server.vhost, events),
        "bare kombu, confirms": fresh(bare_kombu, server.vhost, events),
        "outbox to subscriber, RabbitMQ": lambda: _from_outbox(server.vhost(), folder, events),
        "outbox to subscriber, embedded bus": lambda: _from_outbox(_embedded(folder), folder, events // 10),
    }
    comparison = compare(contestants, rounds=rounds)
    print(f"Throughput, {events} events over one connection.", conditions(comparison), "\n", flush=True)
    print(table(comparison, against="bare pika, confirms"), "\n", flush=True)


def _latency(server: RabbitMQServer, folder: Path, *, samples: int, rounds: int) -> None:
    contestants: dict[str, Measure] = {
        "bare pika, publish to callback": fresh(bare_pika_latency, server.vhost, samples),
        "outbox to subscriber, RabbitMQ": lambda: _latency_from_outbox(server.vhost(), folder, samples),
        "outbox to subscriber, embedded bus": lambda: _latency_from_outbox(
            _embedded(folder), folder, samples
        ),
    }
    comparison = compare(contestants, rounds=rounds, warm_up=False)
    print(f"Latency of {samples} single events, from the write to the handler.", conditions(comparison), "\n")
    print(table(comparison))


# --- the bare ones -----------------------------------------------------------------------------------------------------


def bare_pika(url: str, count: int) -> Figures:
    with _bare_channel(url) as channel:
        channel.confirm_delivery()
        events = _encoded(count)
        began_s = time.perf_counter()
        for event in events:
            channel.basic_publish(EVENTS, event.type, event.body, _properties(event), mandatory=True)
        return {"events per s": count / (time.perf_counter() - began_s)}


def bare_kombu(url: str, count: int) -> Figures:
    bus = Bus(url)
    bus.listen(QUEUE, ItemUpdated)
    with bus.connected() as connection:
        producer = Producer(connection, auto_declare=False)
        events = _encoded(count)
        began_s = time.perf_counter()
        for event in events:
            producer.publish(
                event.body,
                exchange=EVENTS,
                routing_key=event.type,
                content_type=event.content_type,
                message_id=event.id,
                headers=dict(event.headers),
                delivery_mode=2,
                mandatory=True,
                confirm_timeout=10,
            )
        return {"events per s": count / (time.perf_counter() - began_s)}


def bare_pika_latency(url: str, count: int) -> Figures:
    latencies_ms: list[float] = []
    with _bare_channel(url) as publishing, _bare_channel(url) as consuming:
        publishing.confirm_delivery()
        arriving = consuming.consume(QUEUE, inactivity_timeout=10)
        for event in _encoded(count):
            time.sleep(_pause_s())
            began_s = time.perf_counter()
            publishing.basic_publish(EVENTS, event.type, event.body, _properties(event), mandatory=True)
            method, _, _ = next(arriving)
            latencies_ms.append((time.perf_counter() - began_s) * 1000)
            assert method is not None
            consuming.basic_ack(method.delivery_tag)
    return _latencies(latencies_ms)


@contextmanager
def _bare_channel(url: str) -> Iterator[BlockingChannel]:
    Bus(url).listen(QUEUE, ItemUpdated)
    with closing(pika.BlockingConnection(pika.URLParameters(url))) as connection:
        yield connection.channel()


def _properties(event: EncodedEvent) -> pika.BasicProperties:
    return pika.BasicProperties(
        content_type=event.content_type, delivery_mode=2, message_id=event.id, headers=dict(event.headers)
    )


def _encoded(count: int) -> list[EncodedEvent]:
    return [
        encode(waiting(ItemUpdated(item=f"item-{number}", archive="a", title="t"))) for number in range(count)
    ]


# --- ours --------------------------------------------------------------------------------------------------------------


def _from_outbox(url: str, folder: Path, count: int) -> Figures:
    place = Path(tempfile.mkdtemp(dir=folder))
    _announce(place, count)
    with _subscriber(url, count) as heard, _relay(url, place) as began_s:
        ended_s, _ = heard.recv()
    return {"events per s": count / (ended_s - began_s)}


def _latency_from_outbox(url: str, folder: Path, count: int) -> Figures:
    place = Path(tempfile.mkdtemp(dir=folder))
    _announce(place, 1)
    with (
        _subscriber(url, count + 1) as heard,
        _relay(url, place),
        closing(open_documents(place)) as documents,
    ):
        for _ in range(count):
            time.sleep(_pause_s())
            counters_in(documents).change("item-0", Counter.count)
        _, latencies_s = heard.recv()
    return _latencies([each * 1000 for each in latencies_s[1:]])  # the first one waited for the relay


def _announce(place: Path, count: int) -> None:
    """Have so many documents that announce one event each."""
    with closing(open_documents(place)) as documents:
        counters = counters_in(documents)
        for number in range(count):
            counter = Counter(id=f"item-{number}")
            counter.count()
            counters.add(counter)


@contextmanager
def _relay(url: str, place: Path) -> Iterator[float]:
    """Run a relay in a process of its own; give the time when it began."""
    ours, theirs = SPAWN.Pipe()
    stop = SPAWN.Event()
    process = SPAWN.Process(target=relay_until_stopped, args=(url, place, theirs, stop), daemon=True)
    process.start()
    yield ours.recv()
    stop.set()
    process.join(30)


def relay_until_stopped(url: str, place: Path, pipe: "Pipe[Any, Any]", stop: Any) -> None:
    publisher = connect_publisher(url, JOBS)
    publisher.hint(JOBS, "connect before the clock starts")
    with closing(open_documents(place)) as documents:
        pipe.send(time.monotonic())
        Relay(documents, ANNOUNCING, publisher).run(stop)


@contextmanager
def _subscriber(url: str, count: int) -> Iterator["Pipe[Any, Any]"]:
    """Run a subscriber in a process of its own; what it sends is when it had them all, and the latencies."""
    ours, theirs = SPAWN.Pipe()
    process = SPAWN.Process(target=subscribe, args=(url, count, theirs), daemon=True)
    process.start()
    assert ours.recv() == READY
    yield ours
    process.join(30)


def subscribe(url: str, count: int, pipe: "Pipe[Any, Any]") -> None:
    stop = threading.Event()
    latencies_s: dict[str, float] = {}

    def note(received: ReceivedEvent) -> None:
        latencies_s.setdefault(received.id, (datetime.now(UTC) - received.at).total_seconds())
        if len(latencies_s) == count:
            pipe.send((time.monotonic(), list(latencies_s.values())))
            stop.set()

    bus = Bus(url)
    bus.listen(QUEUE, ItemUpdated)
    pipe.send(READY)
    consume(bus.connect, QUEUE, {ItemUpdated: note}, stop)


def _embedded(folder: Path) -> str:
    return f"sqlite:///{Path(tempfile.mkdtemp(dir=folder)) / 'bus.db'}"


# --- what both share ---------------------------------------------------------------------------------------------------


def _latencies(values_ms: Sequence[float]) -> Figures:
    return {"p50 ms": percentile(values_ms, 50), "p99 ms": percentile(values_ms, 99)}


_pause_s = partial(random.uniform, PAUSE_S / 2, PAUSE_S * 3 / 2)
"""Never in step with anything that polls."""


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=5000)
    parser.add_argument("--samples", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    return parser.parse_args()


if __name__ == "__main__":
    main()
