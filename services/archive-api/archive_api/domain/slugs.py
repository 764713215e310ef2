"""Slugs: the short ASCII names archives have in addresses, made from titles of any script."""

import re
from collections.abc import Iterator

from anyascii import anyascii

LARGEST_LENGTH = 50
# Last steps of addresses that mean something else than the archive of that name.
RESERVED = frozenset(
    {"api", "create", "delete", "edit", "images", "items", "login", "mine", "new", "search", "settings"}
)
_NUMBERED = 20
_SEPARATORS = re.compile(r"[^a-z0-9]+")


def slug_candidates(title: str, identifier: str) -> Iterator[str]:
    """Yield slugs for a title, the best first; take the first one nobody has.

    After twenty numbered ones comes one that holds the archive's identifier and is therefore free.
    """
    base = slugify(title) or "archive"
    if base not in RESERVED:
        yield base
    for number in range(2, _NUMBERED + 1):
        yield _with_suffix(base, str(number))
    yield _with_suffix(base, identifier.replace("-", ""))


def slugify(title: str) -> str:
    """Return the title in lower-case ASCII letters and digits, joined by hyphens; "" when none is left."""
    words = _SEPARATORS.sub("-", anyascii(title).lower())
    return words.strip("-")[:LARGEST_LENGTH].rstrip("-")


def _with_suffix(base: str, suffix: str) -> str:
    return f"{base[: LARGEST_LENGTH - len(suffix) - 1].rstrip('-')}-{suffix}"
