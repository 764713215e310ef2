"""The canonical file while it is written: tiles are appended behind the room kept for the directories."""

import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from archive_shared.colour_profile import without_origin
from tiler.adapters.slides.bigtiff import ProductLevel, ProductText, directory_bytes, pack
from tiler.domain.level import halved
from tiler.domain.problems import UnreadableImage
from tiler.domain.slide import Route, SlideFacts
from tiler.domain.slide_traits import CANONICAL

_ALIGNMENT_BYTES = 4096
_LONGEST_NAME = 200
_GENERATED_TABLES = 1024


def product_text(facts: SlideFacts, route: Route, name: str) -> ProductText:
    """Return what the file says of itself: only what is known to be harmless."""
    about = {
        "name": name[:_LONGEST_NAME],
        "vendor": facts.vendor.value,
        "magnification": facts.magnification,
        "background": "{:02X}{:02X}{:02X}".format(*facts.background),
        "route": (facts.first_route or route).value,
        "origin_px": facts.origin_px,
    }
    known = facts.pixel_width_um and facts.pixel_height_um
    pixel_um = (facts.pixel_width_um, facts.pixel_height_um) if known else None
    profile = without_origin(facts.icc_profile)
    return ProductText(pixel_um, profile, CANONICAL + json.dumps(about))  # type: ignore[arg-type]


def generated_tiles(width: int, height: int, tile: tuple[int, int]) -> list[int]:
    """Return the numbers of tiles of all levels that halving can add, down to a single tile."""
    counts: list[int] = []
    scale = 0
    while not counts or counts[-1] > 1:
        scale += 1
        counts.append(-(-halved(width, scale) // tile[0]) * -(-halved(height, scale) // tile[1]))
    return counts


class Written(NamedTuple):
    """What stands in a finished file.

    Parameters
    ----------
    sha256
        Its checksum; "" if it was not wanted.
    is_complete
        Whether certainly no level lacks.
    """

    sha256: str
    levels: int
    is_complete: bool = False


class ProductFile:
    """A new file; a context manager.

    Parameters
    ----------
    tiles, tables
        Numbers of tiles, and JPEG tables, of the levels it begins with.
    later
        Numbers of tiles of levels that may be added later.
    """

    def __init__(
        self,
        path: Path,
        text: ProductText,
        *,
        tiles: Sequence[int],
        tables: Sequence[bytes],
        later: Sequence[int] = (),
    ) -> None:
        self.text = text
        counts: list[int] = [*tiles, *later]
        all_tables = [*tables, *[bytes(_GENERATED_TABLES)] * len(later)]
        self.reserved = _aligned(directory_bytes(text, counts, all_tables))
        self.end = self.reserved
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)

    def expect(self, size_bytes: int) -> None:
        """Have the file system find room for all of a file at once, which takes a quarter off the writing.

        Raises
        ------
        OSError
            There is no such room.
        """
        os.posix_fallocate(self._descriptor, 0, size_bytes)

    def append(self, body: bytes) -> int:
        """Write tiles and return where they begin."""
        start = self.end
        self.write(body, start)
        self.end += len(body)
        return start

    def write(self, body: bytes, at: int) -> None:
        """Write bytes to their place; several threads may do so at once."""
        write_all(self._descriptor, body, at)

    def write_directories(self, levels: Sequence[ProductLevel]) -> None:
        """Write what stands in front of the tiles."""
        self.write(self.front(levels), 0)

    def front(self, levels: Sequence[ProductLevel]) -> bytes:
        """Return what stands in front of the tiles, padded to their beginning."""
        front = pack(self.text, levels)
        if len(front) > self.reserved:
            raise UnreadableImage("The slide has more directories than it was planned with.")
        return front.ljust(self.reserved, b"\0")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._descriptor)


def sha256_of(path: Path) -> str:
    """Return the checksum of a file, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def write_all(descriptor: int, body: bytes, at: int) -> None:
    """Write all bytes at a position; one call may write less."""
    rest = memoryview(body)
    while rest:
        written = os.pwrite(descriptor, rest, at)
        rest, at = rest[written:], at + written


def _aligned(length: int) -> int:
    return -(-length // _ALIGNMENT_BYTES) * _ALIGNMENT_BYTES
