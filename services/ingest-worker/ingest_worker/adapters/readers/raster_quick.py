"""Decodes plain pictures in half the time Pillow takes, most of which it spends on turning its memory into an array.

Plain is what needs nothing but decoding: 8 bits, gray, RGB or RGBA, upright. For everything else, and everything odd,
the answer is None and it is Pillow's turn.
"""

from typing import Final

import simplejpeg
from imagecodecs._png import png_decode
from PIL import ExifTags, Image

from ingest_worker.adapters.readers.png_chunks import Png
from ingest_worker.adapters.volumes import Pixels
from ingest_worker.domain.budget import MIB
from ingest_worker.domain.files import SourceFile
from ingest_worker.domain.refusals import Damaged

LARGEST_BYTES: Final = 64 * MIB
"""Larger files are not read into memory."""

COLOR_SPACES: Final = {"L": "GRAY", "RGB": "RGB"}
PNG_MODES: Final = ("L", "RGB", "RGBA")
PLAIN_CHUNKS: Final = frozenset(b"IHDR IDAT IEND gAMA cHRM sRGB iCCP cICP pHYs sBIT bKGD tIME".split())
"""Those that neither change pixels nor could say how the picture is to be turned (texts can, by EXIF or XMP)."""


def quick_jpeg(picture: Image.Image, file: SourceFile) -> Pixels | None:
    """Return the pixels of an opened JPEG, shape (rows, columns[, 3]); damage of any kind is left to Pillow to judge."""
    upright = picture.getexif().get(ExifTags.Base.Orientation, 1) == 1
    if picture.format != "JPEG" or picture.mode not in COLOR_SPACES or not upright or _is_large(file):
        return None
    try:
        pixels: Pixels = simplejpeg.decode_jpeg(file.path.read_bytes(), COLOR_SPACES[picture.mode])
    except ValueError:
        return None
    return pixels[..., 0] if picture.mode == "L" else pixels


def quick_png(picture: Image.Image, file: SourceFile, png: Png) -> Pixels | None:
    """Return the pixels of an opened PNG, shape (rows, columns[, 3 or 4]).

    Raises
    ------
    Refused
        They are damaged, or fewer than announced.
    """
    if picture.mode not in PNG_MODES or png.depth != 8 or not png.chunks <= PLAIN_CHUNKS or _is_large(file):
        return None
    try:
        pixels: Pixels = png_decode(file.path.read_bytes())
    except RuntimeError as error:
        raise Damaged(file.base_name, "its pixels cannot be decoded to the end") from error
    return pixels


def _is_large(file: SourceFile) -> bool:
    return file.path.stat().st_size > LARGEST_BYTES
