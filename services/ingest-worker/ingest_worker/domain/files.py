"""Files on their way in: what the uploader called them, where their bytes are, and how they are told apart."""

import posixpath
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

MANY = 3
NAMES_REMEMBERED = 8192  # a series is put in order a dozen times
UNSHOWN = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Unicode's categories of control characters, halves of characters, and ends of lines and paragraphs."""


@dataclass(frozen=True, order=True)
class SourceFile:
    """One file handed in for conversion.

    Parameters
    ----------
    name
        What its uploader called it, unique within one conversion; folders are separated by "/".
        It is only ever compared with other names, never used to open anything.
    path
        Where its bytes are.
    spelt
        What the header of a slide calls it, if that may differ in case; empty for all others.
    """

    name: str
    path: Path
    spelt: str = field(default="", compare=False)

    @property
    def base_name(self) -> str:
        return posixpath.basename(self.name)

    @property
    def folder(self) -> str:
        return posixpath.dirname(self.name)


def paths_of(files: Sequence[SourceFile]) -> tuple[str, ...]:
    """Return where their bytes are, as text."""
    return tuple(str(file.path) for file in files)


@dataclass(frozen=True)
class Source:
    """A file an image was made from, as it was when it was read."""

    name: str
    size_bytes: int
    sha256: str


@lru_cache(maxsize=NAMES_REMEMBERED)
def natural_order(name: str) -> tuple[tuple[int, int, str, str], ...]:
    """Return a key that sorts "2.dcm" before "10.dcm"; only equal names have equal keys."""
    end = (-1, 0, "", "")
    return (*(_order_of_part(part) for part in re.split(r"([0-9]+)", name) if part), end)


def _order_of_part(part: str) -> tuple[int, int, str, str]:
    """Compare numbers by digits and then as text, which is by value, for numbers of any length."""
    if part[0] in "0123456789":
        digits = part.lstrip("0")
        return (0, len(digits), digits, part)
    return (1, 0, part, "")


def name_list(names: Sequence[str]) -> str:
    """Return the names as a phrase, cut after a few: "a, b, c and 4 more"."""
    if len(names) <= MANY:
        return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)
    return f"{', '.join(names[:MANY])} and {len(names) - MANY} more"


def is_one_line(name: str) -> bool:
    """Tell whether a name can be shown: it holds no control characters, line ends or halves of characters.

    Blanks of every kind may stand in it: macOS puts a narrow one into the names of screenshots.
    """
    return name.isprintable() or not any(unicodedata.category(char) in UNSHOWN for char in name)


def neighbour_name(header_name: str, reference: str) -> str | None:
    """Return the upload name a header means when it names a file beside it, None if it points elsewhere.

    Absolute names, drive letters and ways out of the upload's top folder are nobody's neighbours.
    """
    wanted = reference.strip().replace("\\", "/")
    if not wanted or wanted.startswith("/") or re.match(r"[A-Za-z]:", wanted) or "\0" in wanted:
        return None
    name = posixpath.normpath(posixpath.join(posixpath.dirname(header_name), wanted))
    return None if name.startswith("../") or name == ".." else name
