"""Which messages a binding lets through to its queue."""

from collections.abc import Sequence


def wants(kind: str, pattern: str, key: str) -> bool:
    """Tell whether a binding with a pattern lets a key through, by the kind of its exchange."""
    if kind == "fanout":
        return True
    if kind == "topic":
        return matches(pattern.split("."), key.split("."))
    return pattern == key


def matches(pattern: Sequence[str], words: Sequence[str]) -> bool:
    """Tell whether a topic pattern matches: `*` is one word, `#` any number of them, none included (AMQP 0-9-1, 3.1.3.3)."""
    if not pattern:
        return not words
    if pattern[0] == "#":
        return any(matches(pattern[1:], words[skipped:]) for skipped in range(len(words) + 1))
    return bool(words) and pattern[0] in ("*", words[0]) and matches(pattern[1:], words[1:])
