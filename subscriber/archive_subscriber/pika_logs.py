"""Keeps pika from crying out over what we provoke on purpose; it knows errors only."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_LOGGERS = [
    logging.getLogger(f"pika.{part}")
    for part in ("channel", "connection", "adapters.blocking_connection", "adapters.utils.io_services_utils")
]


@contextmanager
def not_logged_by_pika() -> Iterator[None]:
    """Leave out what pika would log in this thread during the block; other threads are not concerned."""
    this_thread = threading.get_ident()

    def is_of_others(record: logging.LogRecord) -> bool:
        return record.thread != this_thread

    for logger in _LOGGERS:
        logger.addFilter(is_of_others)
    try:
        yield
    finally:
        for logger in _LOGGERS:
            logger.removeFilter(is_of_others)
