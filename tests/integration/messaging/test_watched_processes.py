"""Relays and consumers as operators watch them: what they measure, and that one stopped by poison is red."""

import signal
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.error import HTTPError

from archive_shared.messaging.dead_letters import list_dead_letters
from archive_shared.messaging.poison_share import AT_LEAST
from archive_shared.messaging.topology import service_queue
from archive_shared.wire.catalogue import ARCHIVE_API
from tests.support.bus import Bus, an_item
from tests.support.processes import ChildProcess, free_port, running_process, wait_until

REFUSING = """
from archive_shared.errors import Invalid
from archive_shared.events import ItemCreated
from archive_shared.processes import run_consumer, start_logging
from archive_shared.settings import read_platform_settings

def refuse(received):
    raise Invalid({"": ["the code is broken"]})

settings = read_platform_settings()
start_logging("consumer", settings)
run_consumer("archive-api", {ItemCreated: refuse}, settings)
"""


class Watched:
    """A process with a port to watch it by."""

    def __init__(self, process: ChildProcess, port: int) -> None:
        self.process = process
        self._port = port

    def get(self, path: str) -> tuple[int, str]:
        """Return status and body, 0 while nobody answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._port}{path}", timeout=10) as answer:
                return answer.status, answer.read().decode()
        except HTTPError as error:
            with error:
                return error.code, error.read().decode()
        except OSError:
            return 0, ""


@contextmanager
def running(arguments: list[str], bus: Bus, folder: Path) -> Iterator[Watched]:
    port = free_port()
    environment: Mapping[str, str] = {
        "ARCHIVE_PUBLIC_URL": "http://site.test",
        "ARCHIVE_SECRET": "a secret of at least thirty-two bytes!",
        "ARCHIVE_DOCUMENTS_URL": f"sqlite:///{folder / 'documents'}",
        "ARCHIVE_BLOBS_URL": f"file://{folder / 'blobs'}",
        "ARCHIVE_BUS_URL": bus.url,
        "ARCHIVE_WATCH_PORT": str(port),
    }
    with running_process(
        [sys.executable, *arguments], log_path=folder / "log", environment=environment
    ) as process:
        watched = Watched(process, port)
        process.wait_until_ready(lambda: watched.get("/livez")[0] == 200, timeout_s=30)
        yield watched


def test_a_relay_tells_backlog_and_age_of_its_outboxes(bus: Bus, tmp_path: Path) -> None:
    with running(["-m", "archive_api.entrypoints.relay"], bus, tmp_path) as relay:
        status, metrics = relay.get("/metrics")

    assert status == 200
    assert 'archive_outbox_documents{service="archive-api",collection="items"} 0\n' in metrics
    assert (
        'archive_outbox_oldest_unpublished_seconds{service="archive-api",collection="items"} 0.0\n' in metrics
    )
    assert 'archive_process_healthy{process="archive-api-relay"} 1\n' in metrics


def test_a_consumer_stopped_by_poison_is_red_and_leaves_the_rest_alone(bus: Bus, tmp_path: Path) -> None:
    bus.publish(*map(an_item, range(3 * AT_LEAST)))

    with running(["-c", REFUSING], bus, tmp_path) as consumer:
        wait_until(lambda: consumer.get("/readyz")[0] == 503, timeout_s=30, what="a red light")
        reason = consumer.get("/readyz")[1]
        metrics = consumer.get("/metrics")[1]
        consumer.process.send_signal(signal.SIGTERM)
        exit_code = consumer.process.wait(timeout_s=20)

    assert "too much poison" in reason
    assert 'archive_process_healthy{process="archive-api-consumer"} 0\n' in metrics
    assert (
        f'archive_events_settled_total{{service="archive-api",outcome="dead_letter"}} {AT_LEAST}\n' in metrics
    )
    assert exit_code == 1
    with bus.connected() as connection:
        assert len(list_dead_letters(connection)) == AT_LEAST
    wait_until(lambda: bus.size(service_queue(ARCHIVE_API)) == 2 * AT_LEAST, timeout_s=20, what="the rest")
