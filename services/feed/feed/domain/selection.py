"""Which events somebody asks for: patterns of types, and one archive. What they may see is another question."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from archive_shared.errors import Invalid
from archive_shared.wire.catalogue import CATALOGUE
from feed.domain.entry import Entry

MOST_PATTERNS = 50
_PATTERN = re.compile(r"[a-z0-9_.*]{1,100}")


@dataclass(frozen=True)
class Selection:
    """Events of any of these types (all, if none is named) about this archive (or whatever)."""

    types: tuple[str, ...] = ()
    archive: str | None = None

    def includes(self, entry: Entry) -> bool:
        wanted = not self.types or any(fnmatchcase(entry.type, pattern) for pattern in self.types)
        return wanted and (self.archive is None or entry.audience.concerns(self.archive))


def checked_types(patterns: Sequence[str]) -> tuple[str, ...]:
    """Return patterns of types, in which `*` stands for any run of characters, each once.

    Raises
    ------
    Invalid
        There are too many, or one that no event can meet: a misspelt type must not look like silence.
    """
    if len(patterns) > MOST_PATTERNS:
        raise Invalid({"types": [f"At most {MOST_PATTERNS} types or patterns."]})
    for pattern in patterns:
        if not _PATTERN.fullmatch(pattern) or not _meets_any(pattern):
            raise Invalid({"types": [f"No event has the type {pattern[:100]!r}."]})
    return tuple(dict.fromkeys(patterns))


def _meets_any(pattern: str) -> bool:
    return any(fnmatchcase(entry.event.TYPE, pattern) for entry in CATALOGUE)
