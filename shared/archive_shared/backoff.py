"""How long to wait before trying again; used wherever something may be gone for a while."""

import random


def backoff_s(failures: int, *, first_s: float, longest_s: float) -> float:
    """Return the pause after that many failures in a row: doubling, bounded, and spread so that crowds part."""
    doubled_s = first_s * 2.0 ** min(failures - 1, 30)
    return min(longest_s, doubled_s) * random.uniform(0.5, 1)  # noqa: S311 (jitter, not a secret)
