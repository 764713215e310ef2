"""A clock that stands still until it is told to go on."""

from datetime import UTC, datetime, timedelta


class StoppedClock:
    """Shows the same instant until it is moved."""

    def __init__(self) -> None:
        self._now = datetime(2026, 11, 23, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self._now

    def advance(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)
