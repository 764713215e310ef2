"""Keeps memory that is used again and again in the process; called before work that goes through many large pieces."""

from functools import cache

_LARGEST_FREED_BYTES = 8 << 20


@cache  # what is kept once is filled with zeros when it is taken again
def keep_freed_memory() -> None:
    """Have the allocator keep pieces of memory that are done for those to come.

    That of glibc gives large blocks back to the system, and taking one in again costs a page fault every 4 KB: as much as
    reading a file into it. What counts as large grows with the largest block that was ever freed: mallopt(3), on
    M_MMAP_THRESHOLD. Elsewhere this does nothing.
    """
    bytes(_LARGEST_FREED_BYTES)  # never touched, so it takes no memory itself
