"""The processes of the feed as they are started, on both buses, killed where it hurts most."""

import json
import signal
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from archive_shared.clock import SystemClock
from archive_shared.documents.sqlite import SqliteDocuments
from archive_shared.identifiers import new_id
from archive_shared.messaging.topology import event_queue, service_queue
from archive_shared.wire.catalogue import CATALOGUE
from feed.bootstrap import COLLECTIONS, deliveries_of, webhooks_of
from feed.domain.entry import EVENTS, Entry
from feed.domain.webhook import Webhook
from permissions.bootstrap import bootstrap as permissions_of
from permissions.settings import Settings as PermissionsSettings
from permissions.use_cases.manage_users import add_user
from tests.support.bus import Bus, an_item
from tests.support.feed import settings_for
from tests.support.processes import ChildProcess, running_process, wait_until
from tests.support.rabbitmq import RabbitMQServer
from tests.support.receiver import TAKEN, Receiver

CONSUMER = "feed.entrypoints.consumer"
WORKER = "archive_gateway.feed_worker"
PATIENCE_S = 60


@pytest.fixture(params=["embedded", pytest.param("rabbitmq", marks=pytest.mark.servers)])
def bus(request: pytest.FixtureRequest, tmp_path: Path) -> Bus:
    """A bus nobody has used, with the feed's queue."""
    if request.param == "embedded":
        bus = Bus(f"sqlite:///{tmp_path / 'bus.db'}")
    else:
        server: RabbitMQServer = request.getfixturevalue("rabbitmq_server")
        bus = Bus(server.vhost())
    bus.declare(event_queue(service_queue("feed"), [entry.event.TYPE for entry in CATALOGUE]))
    return bus


@pytest.fixture
def documents(tmp_path: Path) -> Iterator[SqliteDocuments]:
    """The store of the processes, seen from outside."""
    documents = SqliteDocuments(tmp_path / "feed.db", COLLECTIONS)
    yield documents
    documents.close()


def environment(folder: Path, bus_url: str = "") -> Mapping[str, str]:
    return {
        "ARCHIVE_PUBLIC_URL": "https://archive.test",
        "ARCHIVE_DOCUMENTS_URL": f"sqlite:///{folder}",
        "ARCHIVE_BUS_URL": bus_url or f"sqlite:///{folder / 'bus.db'}",
        "ARCHIVE_BLOBS_URL": f"file://{folder / 'blobs'}",
        "ARCHIVE_SECRET": "a secret of at least thirty-two bytes!",
        "ARCHIVE_BUS_VISIBILITY_TIMEOUT_S": "1.5",
        "ARCHIVE_WEBHOOK_TIMEOUT_S": "1",
        "ARCHIVE_WEBHOOK_NETWORKS": "127.0.0.0/8",
    }


@contextmanager
def running(module: str, folder: Path, *arguments: Path, bus: Bus | None = None) -> Iterator[ChildProcess]:
    log = folder / f"{module}-{new_id()[:8]}.log"
    told = environment(folder, bus.url if bus else "")
    with running_process(
        [sys.executable, "-m", module, *arguments], log_path=log, environment=told
    ) as process:
        yield process


def has_started(process: ChildProcess) -> bool:
    return "process started" in process.log()


def appended(documents: SqliteDocuments) -> list[str]:
    """Return the subjects of what is in the feed; fails when there is a gap."""
    entries = [Entry.of(found) for found in documents.find(EVENTS.name, sort=[("_id", 1)])]
    assert [entry.position for entry in entries] == list(range(1, len(entries) + 1))
    return [entry.subject for entry in entries]


def test_an_event_whose_consumer_was_killed_before_acknowledging_it_is_in_the_feed_once(
    bus: Bus, documents: SqliteDocuments, tmp_path: Path
) -> None:
    token = tmp_path / "token"
    token.touch()
    bus.publish(*(an_item(number) for number in range(3)))

    with running("tests.support.feed_consumer", tmp_path, token, bus=bus) as victim:
        assert victim.wait(timeout_s=PATIENCE_S) == -signal.SIGKILL
    assert appended(documents) == ["item-0"]
    with running(CONSUMER, tmp_path, bus=bus):
        wait_until(lambda: len(appended(documents)) == 3, timeout_s=PATIENCE_S)
        wait_until(lambda: bus.size(service_queue("feed")) == 0, timeout_s=PATIENCE_S)
        bus.publish(an_item(3))  # behind the redelivered one
        wait_until(lambda: "item-3" in appended(documents), timeout_s=PATIENCE_S)

    assert sorted(appended(documents)) == [f"item-{number}" for number in range(4)]


def test_two_consumers_one_of_which_is_killed_append_everything_once(
    bus: Bus, documents: SqliteDocuments, tmp_path: Path
) -> None:
    with running(CONSUMER, tmp_path, bus=bus) as victim, running(CONSUMER, tmp_path, bus=bus):
        bus.publish(*(an_item(number) for number in range(100)))
        wait_until(lambda: len(appended(documents)) > 10, timeout_s=PATIENCE_S, interval_s=0.01)
        victim.kill()
        bus.publish(*(an_item(number) for number in range(100, 150)))
        wait_until(lambda: len(appended(documents)) == 150, timeout_s=PATIENCE_S)

    assert sorted(appended(documents)) == sorted(f"item-{number}" for number in range(150))


@pytest.fixture
def webhook(documents: SqliteDocuments, tmp_path: Path, receiver: Receiver) -> Webhook:
    """A webhook of an administrator whom permissions knows."""
    settings = settings_for(documents_url=f"sqlite:///{tmp_path}").platform
    directory = permissions_of(PermissionsSettings(settings)).directory
    owner = add_user(directory, username="root", administrator=True)
    now = SystemClock().now()
    made = Webhook(
        id=new_id(),
        owner=owner.id,
        url=receiver.url(),
        types=[],
        archive=None,
        position=0,
        created_at=now,
    )
    made.replace_secret(now)
    return webhooks_of(documents, SystemClock()).add(made)


@pytest.mark.usefixtures("webhook")
def test_an_event_published_on_the_bus_arrives_at_a_webhook(
    bus: Bus, tmp_path: Path, receiver: Receiver
) -> None:
    with running(CONSUMER, tmp_path, bus=bus), running(WORKER, tmp_path, bus=bus):
        bus.publish(an_item(1), an_item(2))
        wait_until(lambda: len(receiver.calls) == 2, timeout_s=PATIENCE_S)

    assert [json.loads(call.body)["subject"] for call in receiver.calls] == ["item-1", "item-2"]


def test_a_worker_killed_in_the_middle_of_a_call_costs_a_second_call_under_the_same_identifier(
    documents: SqliteDocuments, tmp_path: Path, receiver: Receiver, webhook: Webhook
) -> None:
    bus = Bus(f"sqlite:///{tmp_path / 'bus.db'}")
    bus.declare(event_queue(service_queue("feed"), [entry.event.TYPE for entry in CATALOGUE]))
    called, killed = threading.Event(), threading.Event()

    def hold_the_first(handler: BaseHTTPRequestHandler) -> None:
        called.set()
        killed.wait(PATIENCE_S)
        TAKEN(handler)

    receiver.behave = hold_the_first
    with running(CONSUMER, tmp_path), running(WORKER, tmp_path) as victim:
        bus.publish(an_item(1))
        assert called.wait(PATIENCE_S)
        victim.kill()
        killed.set()
        with running(WORKER, tmp_path):
            wait_until(lambda: len(receiver.calls) == 2, timeout_s=PATIENCE_S)
            deliveries = deliveries_of(documents, SystemClock())
            wait_until(
                lambda: all(each.job.is_finished for each in deliveries.find({"webhook": webhook.id})),
                timeout_s=PATIENCE_S,
            )

    assert len(set(receiver.ids)) == 1
    [delivery] = deliveries.find({"webhook": webhook.id})
    assert (delivery.job.epoch, [attempt.status for attempt in delivery.attempts]) == (2, [204])


def test_consumer_and_worker_stop_when_they_are_asked_to(bus: Bus, tmp_path: Path) -> None:
    with running(CONSUMER, tmp_path, bus=bus) as consumer, running(WORKER, tmp_path, bus=bus) as worker:
        for process in (consumer, worker):
            wait_until(partial(has_started, process), timeout_s=PATIENCE_S)
            process.send_signal(signal.SIGTERM)
        assert [process.wait(timeout_s=PATIENCE_S) for process in (consumer, worker)] == [0, 0]
