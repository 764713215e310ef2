"""Thousands of items are created while the broker or the document store is stopped, restarted, cut off or hangs.

Nothing is lost and nothing happens twice. Of three subscribers with the kit, one was there all the time, one was away for all of it
and gets everything afterwards, and a new one replays everything from the beginning. `make soak` keeps the broker away for a minute.
"""

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from archive_shared.documents import Documents
from archive_shared.documents.mongo import MongoDocuments
from archive_shared.events import ItemUpdated
from archive_subscriber import Subscription
from tests.support import storms
from tests.support.announcing import COLLECTIONS, COUNTERS, open_documents
from tests.support.bus import Bus, settle_down
from tests.support.parts import QUEUE
from tests.support.processes import wait_until
from tests.support.rabbitmq import RabbitMQServer, running_rabbitmq
from tests.support.servers import MongoServer, installed
from tests.support.storms import create, is_settled, listen, relay
from tests.support.subscribing import listening, make_queue, subscribe
from tests.support.threads import running
from tests.support.toxic_proxy import ToxicProxy, toxic_proxy

SOAK = os.environ.get("ARCHIVE_SOAK") == "1"
ITEMS = 5000
ITEMS_AT_CRASHES = 500
TYPES = [ItemUpdated.TYPE]
AWAY_S = 60 if SOAK else 8
CALM_S = 2
SILENT_S = 3 * storms.HEARTBEAT_S
SETTLED_WITHIN_S = 240

Trouble = Callable[[], object]

pytestmark = [pytest.mark.minutes, pytest.mark.timeout(900), pytest.mark.servers]


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[RabbitMQServer]:
    """A RabbitMQ of our own, to be stopped."""
    (tmp_path / "rabbitmq").mkdir()
    with running_rabbitmq(tmp_path / "rabbitmq", installed("RabbitMQ")) as server:
        yield server


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archive_shared.messaging.pika_publisher.HEARTBEAT_S", storms.HEARTBEAT_S)


def through(bus: Bus, proxy: ToxicProxy) -> Bus:
    parts = urlsplit(bus.url)
    return Bus(parts._replace(netloc=parts.netloc.replace(f":{parts.port}", f":{proxy.port}")).geturl())


def weather(
    bus: Bus, documents: Documents, count: int, troubles: Sequence[Trouble], *, pause_s: float
) -> None:
    """Create items while one trouble follows another, until all of it is over and everything was heard."""

    def creating(stop: threading.Event) -> None:
        create(documents, count, pause_s=pause_s, stop=stop)

    with running(
        creating, lambda stop: relay(bus, documents, stop), lambda stop: listen(bus, documents, stop)
    ):
        wait_until(lambda: documents.count(COUNTERS.name) > count // 20, timeout_s=60, what="a start")
        for trouble in troubles:
            trouble()
            settle_down(CALM_S)
        wait_until(
            lambda: is_settled(documents, count),
            timeout_s=SETTLED_WITHIN_S,
            what="everything heard",
            interval_s=0.5,
        )


def for_a_while(begin: Trouble, end: Trouble, seconds: float) -> Trouble:
    def trouble() -> None:
        begin()
        settle_down(seconds)
        end()

    return trouble


def test_a_broker_in_trouble_costs_time_only(broker: RabbitMQServer, tmp_path: Path) -> None:
    bus = Bus(broker.vhost())
    bus.listen(QUEUE, ItemUpdated)
    make_queue(bus, service="absent", types=TYPES)
    stop_broker, start_broker = (
        partial(broker.rabbitmqctl, command) for command in ("stop_app", "start_app")
    )
    with toxic_proxy(broker.port) as proxy, closing(open_documents(tmp_path)) as documents:
        cut = for_a_while(proxy.refuse, proxy.heal, 1)
        troubles = [
            cut,
            for_a_while(proxy.fall_silent, proxy.heal, SILENT_S),
            for_a_while(stop_broker, start_broker, 0),
            cut,
            for_a_while(stop_broker, start_broker, AWAY_S),
        ]
        with listening(subscribe(through(bus, proxy), "present", TYPES)) as present:
            weather(through(bus, proxy), documents, ITEMS, troubles, pause_s=0.005 + AWAY_S / ITEMS)
            present.wait_for(ITEMS, timeout_s=120)
        storms.assert_all_heard_once(documents, ITEMS)

    everything = {f"item-{number}" for number in range(ITEMS)}
    assert set(present.subjects) == everything
    assert hear_all(subscribe(bus, "absent", TYPES)) == everything
    assert hear_all(subscribe(bus, "new", TYPES, since="first")) == everything


def test_a_broker_that_is_killed_and_started_again_loses_nothing(
    broker: RabbitMQServer, tmp_path: Path
) -> None:
    bus = Bus(broker.vhost())
    bus.listen(QUEUE, ItemUpdated)
    make_queue(bus, service="absent", types=TYPES)
    crash = for_a_while(broker.kill_node, partial(broker.start_node, tmp_path / "again.log"), 1)
    with closing(open_documents(tmp_path)) as documents:
        weather(bus, documents, ITEMS_AT_CRASHES, [crash, crash], pause_s=0.01)
        storms.assert_all_heard_once(documents, ITEMS_AT_CRASHES)

    everything = {f"item-{number}" for number in range(ITEMS_AT_CRASHES)}
    assert hear_all(subscribe(bus, "absent", TYPES), ITEMS_AT_CRASHES) == everything
    assert hear_all(subscribe(bus, "new", TYPES, since="first"), ITEMS_AT_CRASHES) == everything


def hear_all(subscription: Subscription, count: int = ITEMS) -> set[str]:
    with listening(subscription) as listener:
        wait_until(lambda: len(set(listener.subjects)) >= count, timeout_s=120, what="everything heard")
        return set(listener.subjects)


def test_a_document_store_in_trouble_costs_time_only(
    rabbitmq_server: RabbitMQServer, mongo_server: MongoServer
) -> None:
    bus = Bus(rabbitmq_server.vhost())
    bus.listen(QUEUE, ItemUpdated)
    database, server = mongo_server.database_name(), urlsplit(mongo_server.url)
    with toxic_proxy(server.port or 27017) as proxy:
        address = f"mongodb://127.0.0.1:{proxy.port}/?directConnection=true"
        troubled = MongoDocuments(address, database, COLLECTIONS, timeout_s=2)
        cut = for_a_while(proxy.refuse, proxy.heal, 1)
        silent = for_a_while(proxy.fall_silent, proxy.heal, 5)
        lost = [
            for_a_while(lambda request=request: proxy.lose_reply_to(request), lambda: None, 0.2)  # type: ignore[misc]
            for request in (b"insert", b"update", b"find", b"insert", b"update")
        ]
        weather(bus, troubled, ITEMS, [cut, *lost, silent, *lost, cut], pause_s=0.003)
        storms.assert_all_heard_once(troubled, ITEMS)
        troubled.close()
