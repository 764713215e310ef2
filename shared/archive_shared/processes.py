"""The processes every service has beside its web server, so that each service only says what is its own."""

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import NoReturn

import structlog

from archive_shared import lifecycle
from archive_shared.documents import Documents
from archive_shared.documents.connect import changes_of
from archive_shared.measuring import DocumentsMeasure, Tally
from archive_shared.messaging.connection import Connect, connecting
from archive_shared.messaging.consumer import Handlers, consume
from archive_shared.messaging.errors import TooMuchPoison
from archive_shared.messaging.publisher import connect_publisher
from archive_shared.messaging.topology import platform_topology, service_queue
from archive_shared.metrics import Measure
from archive_shared.observability import configure_logging
from archive_shared.outbox.relay import Relay
from archive_shared.settings import PlatformSettings
from archive_shared.watching import watched

log = structlog.get_logger()


def start_logging(process: str, settings: PlatformSettings) -> None:
    """Make this process log as the settings say, under its name."""
    configure_logging(process, level=settings.log_level, json=settings.log_json)


def bus(settings: PlatformSettings, *job_queues: str) -> Connect:
    """Return what opens connections to the bus; name the job queues the process works on."""
    return connecting(
        settings.bus_url,
        topology=platform_topology(*job_queues),
        visibility_timeout_s=settings.bus_visibility_timeout_s,
    )


def run_relay(
    service: str,
    documents: Documents,
    announcing: Sequence[str],
    settings: PlatformSettings,
    *,
    jobs: Mapping[str, str] | None = None,
) -> NoReturn:
    """Publish what the documents of a service announce until asked to stop; see `archive_shared.outbox`.

    Parameters
    ----------
    jobs
        Queue to hint to by name of the collection of jobs.
    """
    name = f"{service}-relay"
    measure = DocumentsMeasure(service, documents, announcing, jobs=list(jobs or {}))

    def main(stop: threading.Event) -> None:
        publisher = connect_publisher(settings.bus_url, *(jobs or {}).values())
        with watched(name, settings, measure):
            changes = changes_of(settings.documents_url, service)
            Relay(documents, announcing, publisher, jobs=jobs, changes=changes).run(stop)

    lifecycle.run(name, main)


def run_consumer(
    service: str,
    handlers: Handlers,
    settings: PlatformSettings,
    *,
    beside: Callable[[threading.Event], None] | None = None,
) -> NoReturn:
    """Handle the events a service listens to until asked to stop; `beside` is done in a thread meanwhile.

    After too much poison it does nothing any more and says that it is not well. It does not end: it would be started
    again, and make dead letters of a few more events each time.
    """
    name = f"{service}-consumer"
    tally = Tally(service)

    def main(stop: threading.Event) -> None:
        if beside is not None:
            threading.Thread(target=beside, args=(stop,), name=f"beside {name}", daemon=True).start()
        with watched(name, settings, tally) as health:
            try:
                consume(bus(settings), service_queue(service), handlers, stop, note=tally.note)
            except TooMuchPoison as error:
                log.critical("consumer stopped until it is started again", reason=str(error))
                health.turn_red(f"too much poison: {error}")
                stop.wait()
                raise

    lifecycle.run(name, main)


def run_worker(
    name: str, work: Callable[[threading.Event], None], settings: PlatformSettings, *measures: Measure
) -> NoReturn:
    """Do long work until asked to stop; `work` gets the event that asks."""

    def main(stop: threading.Event) -> None:
        with watched(name, settings, *measures):
            work(stop)

    lifecycle.run(name, main)
