"""What the supervisor shows: its own words, and every line of its parts with their names before it."""

import os
import selectors
import time
from collections import deque
from collections.abc import Iterable
from typing import TextIO

REMEMBERED_LINES = 3
LONGEST_LINE_BYTES = 1 << 16  # more without an end is shown in pieces
_READ_BYTES = 1 << 16


class Screen:
    """Writes whole lines.

    Parameters
    ----------
    names
        Of all parts, so that their lines can be aligned.
    """

    def __init__(self, stream: TextIO, names: Iterable[str]) -> None:
        self._stream = stream
        self._width = max(map(len, names), default=0)

    def say(self, text: str) -> None:
        """Show words of the supervisor itself; once the terminal is gone, they go nowhere."""
        try:
            self._stream.write(text + "\n")
            self._stream.flush()
        except OSError:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())  # what waits to be written goes there, too
            os.close(nowhere)

    def show(self, name: str, line: str) -> None:
        """Show a line of a part."""
        self.say(f"{name:{self._width}} | {line}")


class Transcript:
    """Shows the lines of one run of a part and remembers the last ones, for when it ends unexpectedly."""

    def __init__(self, name: str, screen: Screen) -> None:
        self._name = name
        self._screen = screen
        self._last: deque[str] = deque(maxlen=REMEMBERED_LINES)
        self._begun = b""
        self.has_ended = False

    def take(self, printed: bytes) -> None:
        """Take what was printed next, which may end within a line."""
        *lines, self._begun = (self._begun + printed).split(b"\n")
        for line in lines:
            self._show(line)
        if len(self._begun) >= LONGEST_LINE_BYTES:
            self._show_begun()

    def end(self) -> None:
        """Take it that nothing more will be printed."""
        self._show_begun()
        self.has_ended = True

    def last_lines(self) -> list[str]:
        """Return what it said last."""
        return list(self._last)

    def _show_begun(self) -> None:
        if self._begun:
            self._show(self._begun)
            self._begun = b""

    def _show(self, raw: bytes) -> None:
        line = raw.decode(errors="replace").rstrip()
        self._last.append(line)
        self._screen.show(self._name, line)


class Outputs:
    """What all parts print, as far as their pipes are open; read while nothing else is to be done, by the only thread there is."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()

    def add(self, pipe: int, transcript: Transcript) -> None:
        """Follow a pipe to its end, and close it then."""
        self._selector.register(pipe, selectors.EVENT_READ, transcript)

    def follow(self, seconds: float, *, last: Transcript | None = None) -> None:
        """Pass on what is printed for so long, or until one transcript has ended."""
        end = time.monotonic() + seconds
        while not (last and last.has_ended) and (left := end - time.monotonic()) > 0:
            for key, _ in self._selector.select(left):
                self._read(key.fd, key.data)

    def _read(self, pipe: int, transcript: Transcript) -> None:
        if printed := os.read(pipe, _READ_BYTES):
            transcript.take(printed)
            return
        transcript.end()
        self._selector.unregister(pipe)
        os.close(pipe)
