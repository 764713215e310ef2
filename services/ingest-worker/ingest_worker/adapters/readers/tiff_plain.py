"""Writes pages of a TIFF anew without compression, where libvips cannot read them; tifffile and imagecodecs can.

For Zstandard, LZMA, LERC, JPEG 2000 and JPEG XL it has no decoder and does not say so, whatever it is told to fail on:
the picture comes out black. Of gray whose zero is white it keeps eight bits, whatever there were. Of half
floats in planes of one colour each it decodes a part. Tiles of one colour each, samples of 10, 12, 14 or 64 bits, and CIE
L*a*b* of 8, it refuses.
"""

import struct
from pathlib import Path
from typing import Final

import numpy as np
from tifffile import TIFF, TiffFile, TiffPage, TiffWriter

from ingest_worker.adapters.readers.cielab import in_srgb
from ingest_worker.adapters.readers.tiff_page import BLACK_IS_ZERO, READING_ERRORS, WHITE_IS_ZERO, Page
from ingest_worker.adapters.volumes import Pixels
from ingest_worker.domain.refusals import Damaged, Refused

DECODED_BY_LIBVIPS: Final = frozenset((1, 2, 3, 4, 5, 7, 8, 32773, 32946, 50001))
"""None, CCITT in three kinds, LZW, JPEG, Deflate under two codes, PackBits, WebP (tag 259)."""

WHOLE_BITS: Final = (1, 2, 4, 8, 16, 32)
RGB, CIELAB = 2, 8
DECODED_HERE: Final = (0, 1, 2, 3, CIELAB)
"""Gray, RGB, palette and CIE L*a*b* (tag 262)."""
ORIENTATION, SHORT = 274, "H"
INTERLEAVED: Final = 1
THREE_BYTES: Final = 24
DECODING_ERRORS: Final = (*READING_ERRORS, RuntimeError)  # what imagecodecs raises is one
DESCRIPTION_ERRORS: Final = (ValueError, TypeError, struct.error)  # of values that no picture has


def is_decoded_by_libvips(page: Page) -> bool:
    whole = page.is_interleaved or not (page.is_tiled or page.sample_type == "float16")
    plain = whole and not _is_mirrored_here(page)
    return (
        plain
        and page.photometric != CIELAB
        and page.bits in WHOLE_BITS
        and page.compression in DECODED_BY_LIBVIPS
    )


def _is_mirrored_here(page: Page) -> bool:
    return page.photometric == WHITE_IS_ZERO and page.sample_type not in ("bool", "uint8")


def keeps_white_as_zero(page: Page) -> bool:
    """Tell whether what is white has the lowest value in the image, too: nobody knows where the other end of floats is."""
    return page.photometric == WHITE_IS_ZERO and page.sample_type.startswith("float")


def write_plain(path: Path, pages: int, target: Path, name: str) -> None:
    """Write the first pages with the same samples and colours, each of which is in memory meanwhile.

    Zero becomes black, CIE L*a*b* red, green and blue, and floats of any width get single precision.

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
            if not _fits_single_precision(pixels):
                raise Refused(f"The values of {name} are too large for single precision, which images have.")
            try:
                _write(writer, page, pixels)
            except DESCRIPTION_ERRORS as error:
                raise Damaged(name, f"page {index + 1} says of its pixels what cannot be") from error


def _fits_single_precision(pixels: Pixels) -> bool:
    if pixels.dtype != np.float64:
        return True
    with np.errstate(over="ignore"):
        return bool((np.isinf(pixels.astype(np.float32)) == np.isinf(pixels)).all())


def _write(writer: TiffWriter, page: TiffPage, pixels: Pixels) -> None:
    writer.write(
        _as_in_images(pixels, page),
        photometric={WHITE_IS_ZERO: BLACK_IS_ZERO, CIELAB: RGB}.get(page.photometric, page.photometric),
        planarconfig=page.planarconfig if page.samplesperpixel > 1 else None,
        extrasamples=page.extrasamples,
        colormap=page.colormap,
        iccprofile=None if page.photometric == CIELAB else page.iccprofile,
        extratags=[(ORIENTATION, SHORT, 1, page.tags.valueof(ORIENTATION, default=1), False)],
        metadata=None,
    )


def _as_in_images(pixels: Pixels, page: TiffPage) -> Pixels:
    if page.bitspersample == THREE_BYTES and pixels.dtype.kind == "u":
        pixels = _in_order(pixels, page.parent.byteorder)
    if page.photometric == WHITE_IS_ZERO:
        pixels = _mirrored(pixels, page.bitspersample)
    if page.photometric == CIELAB:
        return _in_rgb(pixels, planar=page.planarconfig != INTERLEAVED)
    return pixels.astype(np.float32) if pixels.dtype.kind == "f" else pixels


def _in_order(pixels: Pixels, order: str) -> Pixels:
    """Return samples of three bytes in the order of bytes of their file, as libtiff and ImageJ have them.

    Tifffile has the first byte for the highest, and swaps four of them where a file is big endian.
    """
    if order == ">":
        return pixels.byteswap()
    turned: Pixels = (pixels & 0xFF) << 16 | pixels & 0xFF00 | pixels >> 16
    return turned


def _in_rgb(pixels: Pixels, *, planar: bool) -> Pixels:
    return np.moveaxis(in_srgb(np.moveaxis(pixels, 0, -1)), -1, 0) if planar else in_srgb(pixels)


def _mirrored(pixels: Pixels, bits: int) -> Pixels:
    """Turn gray whose zero is white into gray whose zero is black, within what such samples can hold."""
    if pixels.dtype.kind != "u":
        return ~pixels if pixels.dtype.kind == "i" else pixels  # -1 - value
    mirrored: Pixels = pixels.dtype.type((1 << bits) - 1) - pixels
    return mirrored


def _is_decoded_here(page: TiffPage) -> bool:
    return page.photometric in DECODED_HERE and page.compression in TIFF.DECOMPRESSORS
