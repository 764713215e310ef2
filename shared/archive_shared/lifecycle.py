"""The life of a process that is not a web server: runs until asked to stop, says why it ended, by its exit code too."""

import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import NoReturn

import structlog
from environs import EnvError

from archive_shared.errors import ArchiveSystemError

STOPPED = 0
FAILED = 1
MISCONFIGURED = 78  # EX_CONFIG of sysexits.h: starting again will not help

log = structlog.get_logger()


def run(name: str, main: Callable[[threading.Event], None]) -> NoReturn:
    """Run a process until it returns, then exit.

    Parameters
    ----------
    main
        Gets an event that is set by SIGTERM and SIGINT, and returns soon after that.
    """
    sys.exit(_exit_code(name, main))


def stop_on_signals() -> threading.Event:
    """Return an event that SIGTERM and SIGINT set; to be called in the main thread."""
    stop = threading.Event()

    def ask_to_stop(number: int, frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, ask_to_stop)
    signal.signal(signal.SIGINT, ask_to_stop)
    return stop


def _exit_code(name: str, main: Callable[[threading.Event], None]) -> int:
    stop = stop_on_signals()
    log.info("process started", process=name)
    try:
        main(stop)
    except EnvError as error:
        log.error("process misconfigured", process=name, reason=str(error))  # noqa: TRY400 (the reason is the message)
        return MISCONFIGURED
    except ArchiveSystemError as error:
        log.error("process failed", process=name, reason=f"{type(error).__name__}: {error}")  # noqa: TRY400 (the reason is the message)
        return FAILED
    log.info("process stopped", process=name)
    return STOPPED
