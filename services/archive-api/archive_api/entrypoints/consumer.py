"""`python -m archive_api.entrypoints.consumer`: acts on the events of `archive_api.entrypoints.handlers`."""

from functools import partial
from typing import NoReturn

from archive_api.bootstrap import NAME, Transports, bootstrap, sweep_of
from archive_api.entrypoints.handlers import HANDLERS
from archive_api.use_cases.library import Library
from archive_shared.messaging.consumer import Handlers
from archive_shared.processes import run_consumer, start_logging
from archive_shared.settings import read_grace, read_platform_settings
from archive_shared.sweeping import keep_sweeping
from archive_shared.wire.cloud_events import ReceivedEvent


def handlers(library: Library) -> Handlers:
    """Return what the bus calls, by kind of event."""
    return {kind: partial(_hear, library) for kind in HANDLERS}


def _hear(library: Library, received: ReceivedEvent) -> None:
    HANDLERS[type(received.event)](library, received.event)


def main(transports: Transports | None = None) -> NoReturn:
    """Work until asked to stop; `transports` is how permissions is reached, which steps of tasks ask."""
    settings = read_platform_settings()
    start_logging(f"{NAME}-consumer", settings)
    service = bootstrap(settings, transports=transports)
    sweep = partial(keep_sweeping, service.documents, sweep_of(service.library, read_grace()))
    run_consumer(NAME, handlers(service.library), settings, beside=sweep)


if __name__ == "__main__":
    main()
