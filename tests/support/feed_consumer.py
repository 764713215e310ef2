"""The feed's consumer, which kills itself (SIGKILL) once, after an event was appended and before it is acknowledged.

`python -m tests.support.feed_consumer <token>`: it does so for whoever takes the file away, and not again.
"""

import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

from archive_shared.clock import SystemClock
from archive_shared.processes import run_consumer
from archive_shared.wire.catalogue import CATALOGUE
from archive_shared.wire.cloud_events import ReceivedEvent
from feed.bootstrap import NAME, connect, listener
from feed.settings import read_settings


def main(token: Path) -> None:
    settings = read_settings()
    listening = listener(connect(settings), SystemClock())

    def hear_and_die(received: ReceivedEvent) -> None:
        listening.hear(received)
        with suppress(FileNotFoundError):
            token.unlink()
            os.kill(os.getpid(), signal.SIGKILL)

    run_consumer(NAME, {entry.event: hear_and_die for entry in CATALOGUE}, settings.platform)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
