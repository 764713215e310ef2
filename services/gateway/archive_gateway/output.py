"""What the supervisor shows: its own words, and every line of its parts with their names before it."""

import threading
from collections import deque
from collections.abc import Iterable
from typing import TextIO

REMEMBERED_LINES = 3


class Screen:
    """Writes whole lines, from any thread, without mixing them.

    Parameters
    ----------
    names
        Of all parts, so that their lines can be aligned.
    """

    def __init__(self, stream: TextIO, names: Iterable[str]) -> None:
        self._stream = stream
        self._width = max(map(len, names), default=0)
        self._lock = threading.Lock()

    def say(self, text: str) -> None:
        """Show words of the supervisor itself."""
        with self._lock:
            self._stream.write(text + "\n")
            self._stream.flush()

    def show(self, name: str, line: str) -> None:
        """Show a line of a part."""
        self.say(f"{name:{self._width}} | {line}")


class Transcript:
    """Shows the lines of one run of a part and remembers the last ones, for when it ends unexpectedly."""

    def __init__(self, name: str, screen: Screen) -> None:
        self._name = name
        self._screen = screen
        self._last: deque[str] = deque(maxlen=REMEMBERED_LINES)

    def follow(self, stream: Iterable[bytes]) -> None:
        """Take lines until the stream ends; runs in a thread of its own."""
        for raw in stream:
            line = raw.decode(errors="replace").rstrip()
            self._last.append(line)
            self._screen.show(self._name, line)

    def last_lines(self) -> list[str]:
        """Return what it said last."""
        return list(self._last)
