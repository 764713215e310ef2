"""The one way images are read: byte ranges of an object, wherever it is stored."""

from typing import Protocol


class RangedSource(Protocol):
    """Bytes of one immutable object; implementations must be usable from several threads at once."""

    @property
    def size_bytes(self) -> int:
        """Size of the whole object."""

    def read(self, start: int, end: int) -> bytes:
        """Return bytes `start` (included) to `end` (excluded); callers stay inside the object.

        Raises
        ------
        Unavailable
            The store does not answer.
        """
