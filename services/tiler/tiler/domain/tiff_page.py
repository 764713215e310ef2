"""One directory of a TIFF file, as values; read by the TIFF adapter, judged by the pyramid."""

from array import array
from typing import NamedTuple

from tiler.domain.encoding import Encoding
from tiler.domain.level import Level

_REDUCED, _MASK = 1, 4


class TiffPage(NamedTuple):
    """Sizes in pixels; every tile or strip is known to lie inside the file.

    Parameters
    ----------
    number
        Place of the directory in the order of reading, for messages.
    segment_width, segment_height
        Size of a tile, or of a full strip.
    subfile_type
        NewSubfileType: bit 0 a reduced version of another page, bit 2 a mask, bit 3 used by scanners for
        pictures of the whole glass.
    pixel_width_um, pixel_height_um
        From the resolution tags; missing without a unit of length.
    sub_pages
        The pages of its SubIFDs: reduced versions in OME-TIFF.
    is_deep
        More tiles are listed than its size has room for: those of further focal planes.
    xmp
        The XML some scanners write about the scan.
    icc_profile
        How its colours are meant, empty if it does not say, or is no larger than a page before.
    """

    number: int
    width: int
    height: int
    tiled: bool
    segment_width: int
    segment_height: int
    encoding: Encoding
    offsets: "array[int]"
    lengths: "array[int]"
    subfile_type: int = 0
    description: str = ""
    pixel_width_um: float | None = None
    pixel_height_um: float | None = None
    sub_pages: tuple["TiffPage", ...] = ()
    is_deep: bool = False
    xmp: str = ""
    icc_profile: bytes = b""

    @property
    def is_plain(self) -> bool:
        """No mask, and nothing but the image itself or a reduced version of it."""
        return self.subfile_type & ~_REDUCED == 0

    @property
    def is_mask(self) -> bool:
        return bool(self.subfile_type & _MASK)

    def as_level(self) -> Level:
        """Return the page as a grid; raises `UnreadableImage` when its encoding is not supported."""
        self.encoding.require_readable()
        return Level(
            width=self.width,
            height=self.height,
            tile_width=self.segment_width,
            tile_height=self.segment_height,
            padded=self.tiled,
            encoding=self.encoding,
            offsets=self.offsets,
            lengths=self.lengths,
        )
