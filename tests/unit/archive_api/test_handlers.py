"""archive-api acts on exactly the events the catalogue says it consumes."""

from archive_api.entrypoints.handlers import HANDLERS
from archive_shared.wire.catalogue import ARCHIVE_API, CATALOGUE


def test_every_event_the_catalogue_sends_here_has_a_handler_and_no_other() -> None:
    consumed = {entry.event for entry in CATALOGUE if ARCHIVE_API in entry.consumers}

    assert set(HANDLERS) == consumed
