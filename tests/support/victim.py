"""A part of the small test service that crashes on order.

`python -m tests.support.victim <bus url> <store> <database> <token> <crash point> kill|pause <mutant>` runs the part that the
crash point belongs to; it crashes once, as long as the file `token` is there. The mutant may be empty.
"""

import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from archive_shared import lifecycle
from tests.support.announcing import COLLECTIONS
from tests.support.bus import Bus
from tests.support.crash_points import Crash
from tests.support.document_stores import Place
from tests.support.mutants import plant
from tests.support.parts import PARTS


def main(arguments: Sequence[str]) -> None:
    url, address, database, token, point, mode, mutant = arguments
    plant(mutant)
    part = point.partition(".")[0]
    crash = Crash(point, mode, Path(token))

    def run(stop: threading.Event) -> None:
        with Place(address, database).opened(COLLECTIONS) as documents:
            PARTS[part](Bus(url), documents, stop, crash)

    lifecycle.run(part, run)


if __name__ == "__main__":
    main(sys.argv[1:])
