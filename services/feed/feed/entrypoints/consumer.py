"""`python -m feed.entrypoints.consumer`: puts every event of the platform into the feed. Several may run."""

from archive_shared.clock import SystemClock
from archive_shared.messaging.consumer import Handlers
from archive_shared.processes import run_consumer, start_logging
from archive_shared.wire.catalogue import CATALOGUE
from feed.bootstrap import NAME, connect, listener
from feed.settings import read_settings
from feed.use_cases.append_event import Listener


def handlers(listener: Listener) -> Handlers:
    """Return what the bus calls, by kind of event: the same for all."""
    return {entry.event: listener.hear for entry in CATALOGUE}


if __name__ == "__main__":
    settings = read_settings()
    start_logging(f"{NAME}-consumer", settings.platform)
    run_consumer(NAME, handlers(listener(connect(settings), SystemClock())), settings.platform)
