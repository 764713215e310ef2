"""Programs take as many threads as there are processors for them, not as the machine has."""

import os

from archive_shared.processors import usable_processors


def test_one_bound_to_a_processor_counts_that_one_only() -> None:
    all_of_them = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(all_of_them)})
        bound = usable_processors()
    finally:
        os.sched_setaffinity(0, all_of_them)

    assert bound == 1
    assert usable_processors() == len(all_of_them)
