"""Removing what nothing refers to any more: what sweeps report, when they run, and how operators start one.

Each service sweeps what it alone writes, and offers its sweep under the entry point group `archive.sweeps`: a function
that takes the settings and the `Grace` and provides, for a `with` block, a `Sweep`.
"""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import structlog

from archive_shared.clock import SystemClock
from archive_shared.documents import Documents
from archive_shared.errors import Stale, Unavailable
from archive_shared.identifiers import new_id
from archive_shared.outbox.lease import Lease

GROUP = "archive.sweeps"
EVERY_S = 6 * 3600.0
_LOOK_EVERY_S = 60.0

log = structlog.get_logger()


class Stage(StrEnum):
    """What a sweep did with a leftover, or would do."""

    WAITING = "waiting"  # it has to be found unused for longer
    DUE = "due"  # only in a dry run: it would be removed
    REMOVED = "removed"


@dataclass(frozen=True, kw_only=True)
class Leftover:
    """Something nothing refers to.

    Parameters
    ----------
    name
        An identifier or a key; never what people called it.
    size_bytes
        What it takes in the blob store, as far as the sweep knows.
    since
        Since when it is unused or there, as far as is known.
    """

    kind: str
    name: str
    size_bytes: int
    since: datetime | None
    stage: Stage


Sweep = Callable[[bool], Iterator[Leftover]]
"""Takes whether it is a dry run."""


def keep_sweeping(documents: Documents, sweep: Sweep, stop: threading.Event) -> None:
    """Sweep every six hours until asked to stop; of several processes of a service, one does."""
    while not stop.is_set():
        try:
            if _our_turn(documents):
                sweep_once(sweep)
        except (Unavailable, Stale) as error:
            log.warning("sweep interrupted", reason=str(error))
        stop.wait(_LOOK_EVERY_S)


def sweep_once(sweep: Sweep) -> int:
    """Sweep, and return how much was removed."""
    removed = [leftover for leftover in sweep(False) if leftover.stage is Stage.REMOVED]
    if removed:
        log.info("swept", removed=len(removed), size_bytes=sum(each.size_bytes for each in removed))
    return len(removed)


def _our_turn(documents: Documents) -> bool:
    """Take the turn that comes every six hours; the lease on it is never given back, it runs out."""
    return Lease(documents, "sweep", owner=new_id(), duration_s=EVERY_S, clock=SystemClock()).hold()
