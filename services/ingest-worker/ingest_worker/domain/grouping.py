"""Grouping: which images of a session become one item, and which socket of it each fills.

By a manifest that names the item of each file, by the folder a file lies in (inside an archive such as zip), or by a pattern of
file names. Images that no rule is for become items of their own, as without grouping.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from pathlib import PurePosixPath

_PLACEHOLDER = re.compile(r"(\{item\}|\{socket\}|\*)")
_PARTS = {"{item}": r"(?P<item>.+?)", "{socket}": r"(?P<socket>.+?)", "*": ".*?"}
MOST_PLACEHOLDERS = 3
"""Matching takes time in the power of their number: milliseconds for names of 200 characters."""


class GroupBy(StrEnum):
    """What tells which item a file belongs to."""

    MANIFEST = "manifest"
    FOLDER = "folder"
    NAME = "name"


@dataclass(frozen=True)
class ManifestRow:
    """Where a file of the session belongs; `socket` "" for the session's own."""

    file: str
    item: str
    socket: str = ""


@dataclass(frozen=True, kw_only=True)
class Grouping:
    """How images are put together.

    Parameters
    ----------
    pattern
        For `NAME`: the file name, with `{item}` for the title of the item, `{socket}` for a text that `sockets` translates,
        and `*` for anything, as in "{item}_{socket}.*".
    sockets
        For `NAME`, by the text that stands for `{socket}`, and for `FOLDER`, by the file's name without its suffix: the
        socket to fill. Whatever is not in it fills the session's own socket.
    rows
        For `MANIFEST`.
    """

    by: GroupBy
    pattern: str = ""
    sockets: dict[str, str] = field(default_factory=dict)
    rows: list[ManifestRow] = field(default_factory=list)

    @property
    def named_sockets(self) -> set[str]:
        """Return every socket it may fill beside the session's own."""
        return {*self.sockets.values(), *(row.socket for row in self.rows)} - {""}


@dataclass(frozen=True)
class Placement:
    """The title of the item an image belongs to, "" for one of its own, and the socket it fills there."""

    item: str
    socket: str


def pattern_errors(pattern: str) -> list[str]:
    """Say what is wrong with a pattern of file names."""
    errors = []
    if pattern.count("{item}") != 1 or pattern.count("{socket}") > 1:
        errors.append("It must hold {item} once, and may hold {socket} once.")
    if len(_PLACEHOLDER.findall(pattern)) > MOST_PLACEHOLDERS:
        errors.append(f"It may hold {MOST_PLACEHOLDERS} of {{item}}, {{socket}} and * in all.")
    return errors


def place(grouping: Grouping | None, images: Iterable[Sequence[str]], *, socket: str) -> list[Placement]:
    """Return where each image belongs; two that would fill one socket of one item get items of their own.

    Parameters
    ----------
    images
        The names of the files of each image, folders separated by "/".
    socket
        The session's own.
    """
    taken: set[Placement] = set()
    placements = []
    for sources in images:
        wanted = _wanted(grouping, sources, socket) if grouping and sources else Placement("", socket)
        if wanted in taken:
            wanted = Placement("", wanted.socket)
        if wanted.item:
            taken.add(wanted)
        placements.append(wanted)
    return placements


def _wanted(grouping: Grouping, sources: Sequence[str], socket: str) -> Placement:
    found = _RULES[grouping.by](grouping, sources)
    return Placement(found.item.strip(), found.socket or socket)


def _by_manifest(grouping: Grouping, sources: Sequence[str]) -> Placement:
    """Find the first row about one of the files, by its whole name or its last part."""
    rows = _rows(tuple(grouping.rows))
    for source in sources:
        row = rows.get(source) or rows.get(_base(source))
        if row is not None:
            return Placement(row.item, row.socket)
    return Placement("", "")


def _by_folder(grouping: Grouping, sources: Sequence[str]) -> Placement:
    path = PurePosixPath(sources[0])
    return Placement(path.parent.name, grouping.sockets.get(path.stem, ""))


def _by_name(grouping: Grouping, sources: Sequence[str]) -> Placement:
    matched = _compiled(grouping.pattern).fullmatch(_base(sources[0]))
    if matched is None:
        return Placement("", "")
    found = matched.groupdict()
    return Placement(found["item"], grouping.sockets.get(found.get("socket", ""), ""))


_RULES = {GroupBy.MANIFEST: _by_manifest, GroupBy.FOLDER: _by_folder, GroupBy.NAME: _by_name}


@lru_cache(maxsize=16)
def _rows(rows: tuple[ManifestRow, ...]) -> dict[str, ManifestRow]:
    return {row.file: row for row in reversed(rows)}


@lru_cache(maxsize=16)
def _compiled(pattern: str) -> re.Pattern[str]:
    """Return a pattern as an expression that people cannot make slow: they have placeholders, not expressions."""
    parts = _PLACEHOLDER.split(pattern)
    return re.compile("".join(_PARTS.get(part) or re.escape(part) for part in parts), re.DOTALL)


def _base(source: str) -> str:
    return source.rsplit("/", 1)[-1]
