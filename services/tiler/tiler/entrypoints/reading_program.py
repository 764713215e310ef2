"""What the tiler's programs start to read uploads, without their keys: `python -m tiler.entrypoints.reading_program KIND`.

It has loaded what is needed when an upload comes, and forks a process to read it, which gets bytes from the program that
started this one; see `tiler.adapters.confinement`.
"""

import os
import sys
from collections.abc import Mapping
from typing import Any

from archive_shared.confinement.no_files import give_up_files, prepare
from archive_shared.confinement.no_network import give_up_network
from archive_shared.jobs.child import Report
from archive_shared.jobs.forks import run_in_forks
from tiler.entrypoints.slide_program import Thousandths
from tiler.reading_programs import load, obey

ERRORS = 2
PACKAGES = ("archive_shared", "tiler")


def main(kind: str) -> None:
    """Load what is needed, wait for orders, and have each obeyed without any file but those in the folder of the order."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), ERRORS)  # what imaging libraries print may quote patient data
    give_up_network(but_local=True)  # through which the bytes of files come
    load(kind)
    prepare()

    def work(order: Mapping[str, Any], report: Report) -> Mapping[str, Any]:
        give_up_files(packages=PACKAGES, read=(), write=[order["folder"]])
        os.environ["TMPDIR"] = order["folder"]
        return obey(order, Thousandths(report).show)

    run_in_forks(work)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except SystemExit as end:
        # Whoever ordered waits for our end, and taking imaging libraries down in order takes a tenth of a second.
        os._exit(int(end.code or 0))
