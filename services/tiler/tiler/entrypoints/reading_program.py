"""What the tiler's programs start to read one upload, without their keys: `python -m tiler.entrypoints.reading_program KIND`.

It gets bytes from the program that started it; see `tiler.adapters.confinement`.
"""

import os
import sys
from collections.abc import Mapping
from typing import Any

from archive_shared.jobs import child
from tiler.entrypoints.slide_program import Thousandths
from tiler.programs import load_for, obey

ERRORS = 2


def main(kind: str) -> None:
    """Load what is needed, wait for an order, and obey."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), ERRORS)  # what imaging libraries print may quote patient data
    load_for(kind)

    def work(order: Mapping[str, Any], report: child.Report) -> Mapping[str, Any]:
        return obey(order, Thousandths(report).show)

    child.run(work)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except SystemExit as end:
        # Whoever ordered waits for our end, and taking imaging libraries down in order takes a tenth of a second.
        os._exit(int(end.code or 0))
