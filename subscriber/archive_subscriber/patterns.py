"""Which types of events are wanted: names, or patterns as topic exchanges know them; used for what the log holds."""

from collections.abc import Iterable, Sequence
from functools import cache


class Interest:
    """A set of types and patterns: `*` stands for one word, `#` for any number of words, none included."""

    def __init__(self, patterns: Iterable[str]) -> None:
        self._patterns = [pattern.split(".") for pattern in patterns]
        self.includes = cache(self._includes)  # there are few types

    def _includes(self, type: str) -> bool:
        words = type.split(".")
        return any(_fits(pattern, words) for pattern in self._patterns)


def _fits(pattern: Sequence[str], words: Sequence[str]) -> bool:
    if not pattern:
        return not words
    first, rest = pattern[0], pattern[1:]
    if first == "#":
        return any(_fits(rest, words[skipped:]) for skipped in range(len(words) + 1))
    return bool(words) and first in ("*", words[0]) and _fits(rest, words[1:])
