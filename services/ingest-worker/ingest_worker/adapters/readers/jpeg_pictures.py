"""The pictures that follow the first in a JPEG: another eye, another angle, previews (multi-picture format, CIPA DC-007)."""

import struct
from dataclasses import dataclass
from typing import Final

from PIL import Image, MpoImagePlugin

from ingest_worker.domain.files import SourceFile
from ingest_worker.domain.refusals import Refused

MOST_PICTURES: Final = 100
"""Panoramas are made of some twenty; a file of a few kilobytes can announce thousands, which may all begin in it."""

MISSING: Final = (OSError, SyntaxError, ValueError, EOFError, IndexError, struct.error)
"""What Pillow raises where there is no picture, or nothing of one but its beginning, although one is announced."""


@dataclass(frozen=True)
class Pictures:
    """What an opened file holds.

    Parameters
    ----------
    offsets
        Where pictures as large as the first begin, by the number of their frame.
    smaller
        How many are of another size: previews, maps of depth or brightness.
    missing
        How many are announced and not there: editors keep the announcement and drop the pictures.
    """

    offsets: dict[int, int]
    smaller: int = 0
    missing: int = 0

    @property
    def notes(self) -> tuple[str, ...]:
        left_out = f"{self.smaller} more pictures of the file, of other sizes, were left out."
        lost = f"The file announces {self.missing} more pictures, which it does not hold."
        return (left_out,) * bool(self.smaller) + (lost,) * bool(self.missing)

    def number_of(self, frame: int) -> tuple[str, ...]:
        """Return a remark on which of several pictures a frame is."""
        if len(self.offsets) == 1:
            return ()
        return (f"This is picture {list(self.offsets).index(frame) + 1} of {len(self.offsets)} in the file.",)


def pictures_in(opened: Image.Image, file: SourceFile) -> Pictures:
    """Return which pictures an opened file holds; every kind but this one holds one.

    Costs reading the header of each. They are looked for in the file opened once more: where one is missing, Pillow is left
    between two pictures, and does not go back to the first, nor to what that says of how it is to be turned.

    Raises
    ------
    Refused
        It announces too many.
    """
    if not isinstance(opened, MpoImagePlugin.MpoImageFile):
        return Pictures({0: 0})
    with MpoImagePlugin.MpoImageFile(file.path) as again:
        if again.n_frames > MOST_PICTURES:
            raise Refused(f"The file {file.base_name} announces more than {MOST_PICTURES} pictures.")
        return _looked_through(again)


def _looked_through(opened: MpoImagePlugin.MpoImageFile) -> Pictures:
    size, offsets, smaller, missing = opened.size, {0: 0}, 0, 0
    for frame in range(1, opened.n_frames):
        if not _is_there(opened, frame) or opened.offset in offsets.values():
            missing += 1
        elif opened.size == size:
            offsets[frame] = opened.offset
        else:
            smaller += 1
    return Pictures(offsets, smaller, missing)


def _is_there(opened: MpoImagePlugin.MpoImageFile, frame: int) -> bool:
    opened.tile = []  # that of the picture before is not the one of this
    try:
        opened.seek(frame)
    except MISSING:
        return False
    return True
