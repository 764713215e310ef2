"""One directory of a TIFF: the facts of a picture in it. Metadata by tifffile."""

import math
import struct
from dataclasses import dataclass
from itertools import islice, pairwise
from operator import index
from typing import Any, TypeVar

import numpy as np
from tifffile import TiffFile, TiffFileError, TiffPage

MOST_PAGES = 10_000
WHITE_IS_ZERO, BLACK_IS_ZERO = 0, 1
"""Photometric interpretations of gray (TIFF 6.0, section 8)."""
STORED_AS = {"bool": "uint8", "float16": "float32", "float64": "float32"}
"""Types of samples that are none of an image, and what holds their values: tiles have no doubles."""
ALPHA = (1, 2)
"""Extra samples that say how much of a pixel is seen: colours are multiplied with it, or not (TIFF 6.0, section 18). Libvips
divides those that are."""
UPRIGHT, FIRST_ON_ITS_SIDE = 1, 5
UNCOMPRESSED = 1

T = TypeVar("T", int, float)

READING_ERRORS = (
    TiffFileError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    OverflowError,
    ZeroDivisionError,
    struct.error,
)


@dataclass(frozen=True)
class Page:
    """The facts of one TIFF directory.

    Parameters
    ----------
    segments
        Offset and length of each strip or tile; tiles of length zero are empty.
    segment_bytes
        Most bytes one of them holds uncompressed.
    orientation
        Where the first row and column are seen (TIFF 6.0, section 8), as in EXIF: 1 is top and left.
    has_alpha
        Whether the only extra sample is an alpha channel.
    """

    width: int
    height: int
    samples: int
    sample_type: str
    photometric: int
    is_tiled: bool
    tile: tuple[int, int]
    is_interleaved: bool
    has_inner_pages: bool
    compression: int
    segments: tuple[tuple[int, int], ...]
    segment_bytes: int
    value_range: tuple[int, int] | None
    orientation: int
    bits: int
    big_endian: bool
    has_alpha: bool = False

    @property
    def is_gray_with_alpha(self) -> bool:
        """Tell whether it is gray with a second sample that says how much of it is seen."""
        plain = self.photometric == BLACK_IS_ZERO and self.sample_type in ("uint8", "uint16")
        return plain and self.samples == 2 and self.has_alpha

    @property
    def upright_size(self) -> tuple[int, int]:
        """Return width and height as people see the picture."""
        return upright((self.width, self.height), self.orientation)

    @property
    def data_end(self) -> int:
        """Return where the last strip or tile ends."""
        return max(offset + count for offset, count in self.segments)

    @property
    def size_bytes(self) -> int:
        """Return how many bytes all samples take uncompressed."""
        return self.width * self.height * self.samples * np.dtype(self.sample_type).itemsize

    @property
    def is_in_one_piece(self) -> bool:
        """Tell whether the samples lie in the file as they would in memory."""
        as_seen = (
            self.orientation == UPRIGHT and self.photometric in (1, 2) and self.sample_type not in STORED_AS
        )
        stored_so = self.compression == UNCOMPRESSED and self.is_interleaved and not self.is_tiled
        end_to_end = all(offset + count == after for (offset, count), (after, _) in pairwise(self.segments))
        return (
            as_seen
            and stored_so
            and end_to_end
            and sum(count for _, count in self.segments) == self.size_bytes
        )

    @property
    def kind(self) -> tuple[object, ...]:
        """What is equal for pictures that can be levels or slices of each other."""
        return (self.samples, self.sample_type, self.photometric, self.orientation)


def directories_of(tiff: TiffFile) -> list[TiffPage]:
    """Return the directories of a file, at most one more than `MOST_PAGES`.

    Raises
    ------
    TiffFileError
        They lead in a circle, which iterating over `tiff.pages` follows for ever.
    """
    found: dict[int, TiffPage] = {}
    for page in islice(tiff.pages, MOST_PAGES + 1):
        if page.offset in found:
            raise TiffFileError("directories in a circle")
        if isinstance(page, TiffPage):
            found[page.offset] = page
    return list(found.values())


def read_page(page: TiffPage) -> Page:
    """Return the facts of a directory; raises one of `READING_ERRORS` if it is damaged."""
    segments = tuple(zip(page.dataoffsets, page.databytecounts, strict=True))
    if page.dtype is None or page.imagewidth < 1 or page.imagelength < 1 or not segments:
        raise TiffFileError("a page without pixels")
    if any(index(number) < 0 for segment in segments for number in segment):  # fractions are none
        raise TiffFileError("strips or tiles that are nowhere in a file")
    return Page(
        width=page.imagewidth,
        height=page.imagelength,
        samples=page.samplesperpixel,
        sample_type=page.dtype.name,
        photometric=int(page.photometric),
        is_tiled=page.is_tiled,
        tile=(int(page.tilewidth), int(page.tilelength)),
        is_interleaved=int(page.planarconfig) == 1,
        has_inner_pages=bool(page.subifds),
        compression=int(page.compression),
        segments=segments,
        segment_bytes=math.prod(page.chunks) * page.dtype.itemsize,
        value_range=_value_range(page),
        orientation=_orientation(page),
        bits=page.bitspersample,
        big_endian=page.parent.byteorder == ">",
        has_alpha=len(page.extrasamples) == 1 and page.extrasamples[0] in ALPHA,
    )


def _orientation(page: TiffPage) -> int:
    """Return the orientation; what is none means upright, as libvips and Pillow have it."""
    found = _first(page, "Orientation")
    return found if found in range(UPRIGHT, 9) else UPRIGHT


def _value_range(page: TiffPage) -> tuple[int, int] | None:
    """Return the announced smallest and largest value of integer samples."""
    for low, high in (("MinSampleValue", "MaxSampleValue"), ("SMinSampleValue", "SMaxSampleValue")):
        found = [_first(page, tag) for tag in (low, high)]
        if all(isinstance(value, int) for value in found):
            return found[0], found[1]
    return None


def _first(page: TiffPage, tag: str) -> Any:
    value = page.tags.valueof(tag)
    return value[0] if isinstance(value, tuple) and value else value


def upright(along: tuple[T, T], orientation: int) -> tuple[T, T]:
    """Return what is stored along x and y in the order in which it is seen."""
    return along if orientation < FIRST_ON_ITS_SIDE else (along[1], along[0])
