"""Thousands of items are created while the broker or the document store is stopped, restarted, cut off or hangs.

Nothing is lost and nothing happens twice. A subscriber that was away for all of it gets everything afterwards, and a new one replays
everything from the beginning. `make soak` keeps the broker away for a minute.
"""

import os
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from archive_shared.documents import Documents
from archive_shared.documents.mongo import MongoDocuments
from archive_shared.events import ItemUpdated
from tests.support import storms
from tests.support.announcing import COLLECTIONS, COUNTERS, open_documents
from tests.support.bus import Bus, settle_down
from tests.support.parts import QUEUE
from tests.support.processes import wait_until
from tests.support.servers import MongoServer, RabbitMQServer, installed, running_rabbitmq
from tests.support.storms import OFFLINE_QUEUE, Trouble, create, is_settled, listen, relay
from tests.support.threads import running
from tests.support.toxic_proxy import ToxicProxy, toxic_proxy

SOAK = os.environ.get("ARCHIVE_SOAK") == "1"
ITEMS = 5000
AWAY_S = 60 if SOAK else 8
CALM_S = 2
SILENT_S = 3 * storms.HEARTBEAT_S
SETTLED_WITHIN_S = 240

pytestmark = [pytest.mark.timeout(900), pytest.mark.servers]


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
    for queue in (QUEUE, OFFLINE_QUEUE):
        bus.listen(queue, ItemUpdated)
    documents = open_documents(tmp_path)
    with toxic_proxy(broker.port) as proxy:
        cut = for_a_while(proxy.refuse, proxy.heal, 1)
        black_hole = for_a_while(proxy.fall_silent, proxy.heal, SILENT_S)
        stopped = for_a_while(
            lambda: broker.rabbitmqctl("stop_app"), lambda: broker.rabbitmqctl("start_app"), AWAY_S
        )
        restarted = for_a_while(
            lambda: broker.rabbitmqctl("stop_app"), lambda: broker.rabbitmqctl("start_app"), 0
        )
        weather(
            through(bus, proxy),
            documents,
            ITEMS,
            [cut, black_hole, restarted, cut, stopped],
            pause_s=0.005 + AWAY_S / ITEMS,
        )

    storms.assert_all_heard_once(documents, ITEMS)
    everything = {f"item-{number}" for number in range(ITEMS)}
    assert storms.hear_all(bus, OFFLINE_QUEUE) == everything
    assert storms.replay(bus) == everything
    documents.close()


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
