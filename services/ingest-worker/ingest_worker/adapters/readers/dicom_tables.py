"""What Modality LUTs and palettes have in common: a table for stored values from a first one on (PS3.3 C.11.1.1.1, C.7.6.3.1.5)."""

from typing import Final

MOST_ENTRIES: Final = 65536
"""Which a descriptor says as zero."""


def entries_of(descriptor: int) -> int:
    """Return how many entries a descriptor announces."""
    return descriptor % MOST_ENTRIES or MOST_ENTRIES


def first_mapped(descriptor: int, entries: int, *, signed: bool) -> int:
    """Return the stored value that the first entry is for.

    Readers disagree on the sign of what a descriptor holds; that of the stored values decides. A negative first entry
    of values that are not stays negative where the table then reaches them: all of them would have its first entry.

    Parameters
    ----------
    signed
        Whether stored values are.
    """
    first = descriptor % MOST_ENTRIES
    if signed:
        return first - MOST_ENTRIES if first >= MOST_ENTRIES // 2 else first
    return descriptor if descriptor < 0 < descriptor + entries else first
