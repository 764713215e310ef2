"""Says which files of a slide are missing, so that whoever uploads it knows what to add."""

import posixpath
from collections import defaultdict
from collections.abc import Iterable, Mapping

from archive_shared.file_names import as_called
from tiler.domain.problems import UnreadableImage
from tiler.domain.slide_files import SlideFiles

MISSING = "Files of the slide are missing"
_MOST_NAMED = 5
_LONGEST_NAME = 100


def as_present(files: SlideFiles, named: Mapping[str, str]) -> dict[str, str]:
    """Return, by the same keys, what files are called that a text names; a name that only one of them resembles is its."""
    present, alike = set(files.names()), defaultdict(list)
    for name in present:
        alike[as_called(name)].append(name)
    resembling = {key: alike.get(as_called(name), []) for key, name in named.items()}
    return {
        key: resembling[key][0] if name not in present and len(resembling[key]) == 1 else name
        for key, name in named.items()
    }


def require_files(files: SlideFiles, named: Iterable[str]) -> None:
    """Raise `UnreadableImage`, with the names that people gave or would look for, unless all of these files are there."""
    present = set(files.names())
    missing = sorted({_shown(name) for name in named if name not in present})
    if missing:
        more = f" and {len(missing) - _MOST_NAMED} more" if len(missing) > _MOST_NAMED else ""
        raise UnreadableImage(f"{MISSING}: {', '.join(missing[:_MOST_NAMED])}{more}.")


def without_names(reason: str) -> str:
    """Return a reason against a slide without the names that `require_files` tells, which are often those of patients."""
    return f"{MISSING}." if reason.startswith(MISSING) else reason


def _shown(name: str) -> str:
    """Return a name as it may stand in a sentence: a hostile slide can name its files anything."""
    shown = posixpath.basename(name)[:_LONGEST_NAME]
    return "".join(each if each.isprintable() else "?" for each in shown) or "one without a name"
