"""Writes pages of a TIFF anew without compression, where libvips cannot read them; tifffile and imagecodecs can.

For Zstandard, LZMA, LERC, JPEG 2000 and JPEG XL it has no decoder and does not say so, whatever it is told to fail on:
the picture comes out black. Of gray whose zero is white it keeps eight bits, whatever there were. Tiles of one colour each, and
samples of 10, 12 or 14 bits, it refuses.
"""

import struct
from pathlib import Path
from typing import Final

from tifffile import TIFF, TiffFile, TiffPage, TiffWriter

from ingest_worker.adapters.readers.tiff_pages import BLACK_IS_ZERO, READING_ERRORS, WHITE_IS_ZERO, Page
from ingest_worker.adapters.volumes import Pixels
from ingest_worker.domain.refusals import Damaged, Refused

DECODED_BY_LIBVIPS: Final = frozenset((1, 2, 3, 4, 5, 7, 8, 32773, 32946, 50001))
"""None, CCITT in three kinds, LZW, JPEG, Deflate under two codes, PackBits, WebP (tag 259)."""

WHOLE_BITS: Final = (1, 2, 4, 8, 16, 32, 64)
GRAY_RGB_PALETTE: Final = (0, 1, 2, 3)
ORIENTATION, SHORT = 274, "H"
DECODING_ERRORS: Final = (*READING_ERRORS, RuntimeError)  # what imagecodecs raises is one
DESCRIPTION_ERRORS: Final = (ValueError, TypeError, struct.error)  # of values that no picture has


def is_decoded_by_libvips(page: Page) -> bool:
    plain = (page.is_interleaved or not page.is_tiled) and not _is_mirrored_here(page)
    return plain and page.bits in WHOLE_BITS and page.compression in DECODED_BY_LIBVIPS


def _is_mirrored_here(page: Page) -> bool:
    return page.photometric == WHITE_IS_ZERO and page.sample_type not in ("bool", "uint8")


def keeps_white_as_zero(page: Page) -> bool:
    """Tell whether what is white has the lowest value in the image, too: nobody knows where the other end of floats is."""
    return page.photometric == WHITE_IS_ZERO and page.sample_type.startswith("float")


def write_plain(path: Path, pages: int, target: Path, name: str) -> None:
    """Write the first pages with the same samples and colours, each of which is in memory meanwhile; zero becomes black.

    Raises
    ------
    Refused
        They cannot be decoded here either, or are damaged.
    """
    with TiffFile(path) as source, TiffWriter(target, bigtiff=True) as writer:
        for index in range(pages):
            page = source.pages[index]
            if not isinstance(page, TiffPage) or not _is_decoded_here(page):
                raise Refused(f"The TIFF file {name} is compressed in a way that is not supported.")
            try:
                pixels = page.asarray()
            except DECODING_ERRORS as error:
                raise Damaged(name, f"page {index + 1} cannot be decoded") from error
            try:
                _write(writer, page, pixels)
            except DESCRIPTION_ERRORS as error:
                raise Damaged(name, f"page {index + 1} says of its pixels what cannot be") from error


def _write(writer: TiffWriter, page: TiffPage, pixels: Pixels) -> None:
    is_white_zero = page.photometric == WHITE_IS_ZERO
    writer.write(
        _mirrored(pixels, page.bitspersample) if is_white_zero else pixels,
        photometric=BLACK_IS_ZERO if is_white_zero else page.photometric,
        planarconfig=page.planarconfig if page.samplesperpixel > 1 else None,
        extrasamples=page.extrasamples,
        colormap=page.colormap,
        iccprofile=page.iccprofile,
        extratags=[(ORIENTATION, SHORT, 1, page.tags.valueof(ORIENTATION, default=1), False)],
        metadata=None,
    )


def _mirrored(pixels: Pixels, bits: int) -> Pixels:
    """Turn gray whose zero is white into gray whose zero is black, within what such samples can hold."""
    if pixels.dtype.kind != "u":
        return ~pixels if pixels.dtype.kind == "i" else pixels  # -1 - value
    mirrored: Pixels = pixels.dtype.type((1 << bits) - 1) - pixels
    return mirrored


def _is_decoded_here(page: TiffPage) -> bool:
    return page.photometric in GRAY_RGB_PALETTE and page.compression in TIFF.DECOMPRESSORS
