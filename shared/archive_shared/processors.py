"""How many processors there are for this process."""

import os


def usable_processors() -> int:
    """Return how many this process and those it starts may use: fewer than the machine has, if it was bound to some."""
    return len(os.sched_getaffinity(0))
