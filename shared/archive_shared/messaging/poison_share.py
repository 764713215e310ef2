"""Notices when it is the code that is broken, not the messages."""

from collections import deque

from archive_shared.messaging.errors import TooMuchPoison

WINDOW = 50
AT_LEAST = 10
LIMIT = 0.5


class PoisonShare:
    """The share of poison among the last messages."""

    def __init__(self) -> None:
        self._last: deque[bool] = deque(maxlen=WINDOW)

    def note(self, *, poison: bool) -> None:
        """Count a settled message; raise `TooMuchPoison` when more than half of many were poison."""
        self._last.append(poison)
        if len(self._last) >= AT_LEAST and sum(self._last) > LIMIT * len(self._last):
            raise TooMuchPoison(f"{sum(self._last)} of the last {len(self._last)} messages were poison")
