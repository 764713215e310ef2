"""How the tiles of added levels are encoded: as much like those that are there as every viewer can show."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from simplejpeg import encode_jpeg, encode_jpeg_yuv_planes

from tiler.adapters.slides.jpeg_parts import TableRemover, split_tables
from tiler.adapters.tile_bytes import read_stored
from tiler.domain.encoding import Compression, Encoding, Photometric
from tiler.domain.jpeg_quality import quality_of
from tiler.domain.jpeg_stream import frame_of
from tiler.domain.level import Level
from tiler.domain.ranged_source import RangedSource

_LEAST_QUALITY = 80
_COLOURS = "BGRX"  # the order that decoder and encoder are quickest with
_SUBSAMPLINGS = {(1, 1): "444", (2, 1): "422", (2, 2): "420", (1, 2): "440"}
_FROM_PLANES = {"444": (1, 1), "422": (2, 1), "420": (2, 2)}
Plane = NDArray[np.uint8]
"""Shape (rows, columns)."""


class AddedStyle(NamedTuple):
    """How new tiles are encoded."""

    colours: str
    subsampling: str
    quality: int
    encoding: Encoding
    remover: TableRemover

    @classmethod
    def of(cls, source: RangedSource, level: Level) -> "AddedStyle":
        """Keep quality and subsampling of the full resolution; RGB becomes YCbCr, which any viewer gets right."""
        tile = first_tile(source, level)
        quality = quality_of(level.encoding.jpeg_start + tile[2:])
        photometric = level.encoding.photometric
        if photometric == Photometric.BLACK_IS_ZERO:
            return cls._with_tables("GRAY", "Gray", quality, level)
        if photometric == Photometric.RGB:
            return cls._with_tables(_COLOURS, "420", max(quality, _LEAST_QUALITY), level)
        subsampling = _SUBSAMPLINGS.get(frame_of(tile).subsampling or (0, 0), "420")
        return cls._with_tables(_COLOURS, subsampling, quality, level)

    @classmethod
    def _with_tables(cls, colours: str, subsampling: str, quality: int, level: Level) -> "AddedStyle":
        gray = colours == "GRAY"
        sample = np.zeros((level.tile_height, level.tile_width, 1 if gray else 4), np.uint8)
        tables, _ = split_tables(encode_jpeg(sample, quality, colours, subsampling))
        photometric = Photometric.BLACK_IS_ZERO if gray else Photometric.YCBCR
        return cls(
            colours,
            subsampling,
            quality,
            Encoding(Compression.JPEG, photometric, 1 if gray else 3, jpeg_tables=tables),
            TableRemover(),
        )

    @property
    def depth(self) -> int:
        """Bytes of a decoded pixel."""
        return 1 if self.colours == "GRAY" else 4

    @property
    def chroma_pixels(self) -> tuple[int, int] | None:
        """How many pixels across and down share a sample of chroma, where tiles can be encoded from planes."""
        return _FROM_PLANES.get(self.subsampling)

    def encode(self, pixels: NDArray[np.uint8]) -> bytes:
        """Return a tile without the tables of its page."""
        return self.remover.rest(encode_jpeg(pixels, self.quality, self.colours, self.subsampling))

    def encode_planes(self, luma: Plane, blue: Plane, red: Plane) -> bytes:
        """Return a tile without the tables of its page, from planes that have as many samples as `chroma_pixels` says."""
        return self.remover.rest(encode_jpeg_yuv_planes(luma, blue, red, self.quality))


def first_tile(source: RangedSource, level: Level) -> bytes:
    """Return the first tile of a level that was written."""
    at = next(at for at, length in enumerate(level.lengths) if length)
    return read_stored(source, level.locate(at % level.columns, at // level.columns))
