"""From the stored bytes of one tile or strip to its pixels; called for everything that is not passed on as it is."""

import struct
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray
from PIL import Image

from tiler.adapters import jpeg_pixels, jpeg_tiles, libtiff_codec
from tiler.adapters.inflate import inflate
from tiler.adapters.jp2_boxes import code_stream
from tiler.domain.encoding import (
    JPEG_2000_KINDS,
    Compression,
    Encoding,
    Opacity,
    Photometric,
    Predictor,
    SampleFormat,
)
from tiler.domain.limits import MAX_TILE_BYTES
from tiler.domain.problems import UnreadableImage

Pixels = NDArray[Any]
"""Shape (rows, columns, channels)."""

_KINDS = {SampleFormat.UNSIGNED: "u", SampleFormat.SIGNED: "i", SampleFormat.FLOAT: "f"}
_PREDICTED = (
    Compression.LZW,
    Compression.DEFLATE,
    Compression.OLD_DEFLATE,
    Compression.LZMA,
    Compression.ZSTD,
)
_COMPONENTS_AT = 42  # depth, and distance of samples across and down, of each
_CODING_STYLE = b"\xff\x52"
_MOST_SEGMENTS = 64  # of a code stream, in front of what is said of its colours
_WEBP_SIDE = (1 << 14) - 1
_CODESTREAM_SIZE = struct.Struct(">4x4xIIII")  # SOC, SIZ, lengths and capabilities, then the image's corners


def pixel_type(encoding: Encoding) -> np.dtype[Any]:
    """Return the type of decoded values, in the machine's byte order."""
    if encoding.photometric == Photometric.PALETTE or encoding.bits_per_sample < 8:
        return np.dtype(np.uint8)
    return np.dtype(f"{_KINDS[SampleFormat(encoding.sample_format)]}{encoding.bits_per_sample // 8}")


def decode_opacity(encoding: Encoding, stored: bytes, width: int, height: int, *, shrink: int = 1) -> Pixels:
    """Decode one tile of the plane that tells how opaque pixels are; as `decode_tile`."""
    as_gray = encoding._replace(photometric=Photometric.BLACK_IS_ZERO)
    return decode_tile(as_gray, stored, width, height, shrink=shrink)


def channels(encoding: Encoding) -> int:
    """Return 3 for colour and 1 for gray; further samples are left out."""
    return 3 if encoding.is_colour else 1


def decode_tile(encoding: Encoding, stored: bytes, width: int, height: int, *, shrink: int = 1) -> Pixels:
    """Decode one tile of one plane; sizes are those it is stored in.

    Parameters
    ----------
    shrink
        2, 4 or 8 to decode JPEG at a fraction of its size, which must be divisible by it.

    Returns
    -------
    ndarray
        Shape (height, width, channels), divided by `shrink`; colours in RGB, palettes resolved, before white where they are not opaque, and 0 is black.

    Raises
    ------
    UnreadableImage
        The bytes are damaged or do not fit the page.
    """
    _require_modest(encoding, width, height)
    samples = _samples(encoding, stored, width, height, shrink)
    if encoding.photometric == Photometric.PALETTE:
        return np.frombuffer(encoding.palette, np.uint8).reshape(-1, 3)[samples[..., 0]]
    depth = channels(encoding)
    colours, opacity = samples[..., :depth], samples[..., depth : depth + 1]
    if encoding.photometric == Photometric.WHITE_IS_ZERO and samples.dtype.kind == "u":
        colours = ((1 << encoding.bits_per_sample) - 1) - colours
    return before_white(encoding, colours, opacity) if opacity.size else colours


def before_white(encoding: Encoding, colours: Pixels, opacity: Pixels) -> Pixels:
    """Return colours as they look before white where they are not opaque: what lies below may be anything."""
    if encoding.opacity == Opacity.NONE or not encoding.is_eight_bit or opacity.min() == 255:
        return colours
    missing = 255 - opacity.astype(np.uint16)
    if encoding.opacity == Opacity.UNASSOCIATED:
        colours = (colours * (255 - missing) + 127) // 255
    return np.minimum(colours + missing, 255).astype(np.uint8)


def _require_modest(encoding: Encoding, width: int, height: int) -> None:
    bits = width * height * encoding.samples_per_tile * encoding.bits_per_sample
    if bits > 8 * MAX_TILE_BYTES:
        raise UnreadableImage("A tile or strip of the image is too large.")


def _samples(encoding: Encoding, stored: bytes, width: int, height: int, shrink: int) -> Pixels:
    if encoding.is_jpeg:
        return jpeg_pixels.decode(jpeg_tiles.complete(encoding, stored, width, height), shrink=shrink)
    if encoding.compression in JPEG_2000_KINDS:
        return _jpeg_2000(encoding, stored, width, height)
    if encoding.compression == Compression.WEBP:
        return _webp(stored, width, height, samples=encoding.samples_per_pixel)
    row_bytes = -(-width * encoding.samples_per_tile * encoding.bits_per_sample // 8)
    raw = _decompressed(encoding.compression, stored, row_bytes, height)
    rows = np.frombuffer(raw, np.uint8).reshape(height, row_bytes)
    shape = (height, width, encoding.samples_per_tile)
    if encoding.bits_per_sample < 8:
        return _unpacked(rows, encoding.bits_per_sample, shape)
    return _values(encoding, rows, shape)


def _decompressed(compression: int, stored: bytes, row_bytes: int, rows: int) -> bytes:
    size = row_bytes * rows
    if compression == Compression.NONE:
        raw = stored[:size]
    elif compression in (Compression.DEFLATE, Compression.OLD_DEFLATE):
        raw = inflate(stored, size)
    else:
        raw = libtiff_codec.decompress(compression, stored, row_bytes, rows)
    if len(raw) != size:
        raise UnreadableImage("A tile is shorter than it says.")
    return raw


def _unpacked(rows: NDArray[np.uint8], bits: int, shape: tuple[int, int, int]) -> Pixels:
    """Spread samples of 1, 2 or 4 bits, the first in the highest bits, to a byte each."""
    _, width, samples = shape
    single = np.unpackbits(rows, axis=1)[:, : width * samples * bits].reshape(-1, bits)
    weights = (1 << np.arange(bits)[::-1]).astype(np.uint8)
    values: Pixels = (single @ weights).astype(np.uint8)
    return values.reshape(shape)


def _values(encoding: Encoding, rows: NDArray[np.uint8], shape: tuple[int, int, int]) -> Pixels:
    native = pixel_type(encoding) if encoding.photometric != Photometric.PALETTE else _index_type(encoding)
    predicted = encoding.compression in _PREDICTED
    if predicted and encoding.predictor == Predictor.FLOAT:
        return _undo_float_predictor(rows, native, shape)
    values = rows.view(encoding.byte_order + native.str[1:]).astype(native, copy=False).reshape(shape)
    if predicted and encoding.predictor == Predictor.HORIZONTAL:
        return _undo_differences(values)
    return values


def _index_type(encoding: Encoding) -> np.dtype[Any]:
    return np.dtype(f"u{encoding.bits_per_sample // 8}")


def _undo_differences(values: Pixels) -> Pixels:
    """Add up the differences to the left neighbour, with the wrap-around of the sample's width."""
    unsigned: DTypeLike = f"u{values.dtype.itemsize}"
    return np.cumsum(values.view(unsigned), axis=1, dtype=unsigned).view(values.dtype)


def _undo_float_predictor(
    rows: NDArray[np.uint8], native: np.dtype[Any], shape: tuple[int, int, int]
) -> Pixels:
    """Undo Adobe's TIFF Technical Note 3: differences of bytes, after all first bytes of a row, all second ones, …"""
    height, width, samples = shape
    bytes_each = native.itemsize
    summed = np.cumsum(rows.reshape(height, width * bytes_each, samples), axis=1, dtype=np.uint8)
    values = summed.reshape(height, bytes_each, width * samples).transpose(0, 2, 1)
    return np.ascontiguousarray(values).view(native.newbyteorder(">")).astype(native).reshape(shape)


def _jpeg_2000(encoding: Encoding, stored: bytes, width: int, height: int) -> Pixels:
    body, said = code_stream(stored)
    _require_codestream(body, width, height)
    try:
        with Image.open(BytesIO(body), formats=("JPEG2000",)) as image:
            image.load()
            is_ycbcr = encoding.compression == Compression.JPEG_2000_YCBCR if said is None else said
            decoded_already = _has_coarse_colours(body) or _turns_colours(body)
            shown = _as_shown(image, is_ycbcr=is_ycbcr and not decoded_already)
    except (OSError, ValueError, SyntaxError) as problem:
        raise UnreadableImage("A JPEG 2000 tile is damaged.") from problem
    pixels = np.asarray(shown)
    if pixels.shape[:2] != (height, width) or shown.mode not in ("L", "RGB"):
        raise UnreadableImage("A JPEG 2000 tile is not of the size its page says.")
    return pixels.reshape(height, width, -1)


def _webp(stored: bytes, width: int, height: int, *, samples: int) -> Pixels:
    if _webp_size(stored) != (width, height):
        raise UnreadableImage("A WebP tile is not of the size its page says.")
    try:
        with Image.open(BytesIO(stored), formats=("WEBP",)) as image:
            return np.asarray(image.convert("RGBA" if samples > 3 else "RGB"))
    except (OSError, ValueError, SyntaxError) as problem:
        raise UnreadableImage("A WebP tile is damaged.") from problem


def _webp_size(stored: bytes) -> tuple[int, int] | None:
    """Return width and height that a WebP claims, before a decoder allocates memory for it (RFC 9649, 2.5 to 2.7)."""
    match stored[12:16]:
        case b"VP8 ":
            sizes = int.from_bytes(stored[26:30], "little")
            return sizes & _WEBP_SIDE, sizes >> 16 & _WEBP_SIDE
        case b"VP8L":
            sizes = int.from_bytes(stored[21:25], "little")
            return 1 + (sizes & _WEBP_SIDE), 1 + (sizes >> 14 & _WEBP_SIDE)
        case b"VP8X":
            return 1 + int.from_bytes(stored[24:27], "little"), 1 + int.from_bytes(stored[27:30], "little")
    return None


def _has_coarse_colours(stored: bytes) -> bool:
    """Whether the second component has fewer samples than pixels: then the decoder knows that it is a colour, and of what kind."""
    return stored[_COMPONENTS_AT + 4 : _COMPONENTS_AT + 6] != b"\x01\x01"


def _turns_colours(stored: bytes) -> bool:
    """Whether decoders make RGB by what the code stream says (ISO 15444-1, A.6.1); Bio-Formats numbers such tiles 33003, too."""
    at = 2
    for _ in range(_MOST_SEGMENTS):
        if stored[at : at + 2] == _CODING_STYLE:
            return stored[at + 8 : at + 9] == b"\x01"
        at += 2 + int.from_bytes(stored[at + 2 : at + 4])
    return False


def _as_shown(image: Image.Image, *, is_ycbcr: bool) -> Image.Image:
    """Return RGB or gray; Aperio's YCbCr code streams do not say that they are."""
    if is_ycbcr and image.mode == "RGB":
        return Image.frombytes("YCbCr", image.size, image.tobytes()).convert("RGB")
    return image.convert("RGB") if image.mode == "YCbCr" else image


def _require_codestream(stored: bytes, width: int, height: int) -> None:
    """Check the size a code stream claims before a decoder allocates memory for it (ISO 15444-1, A.5.1)."""
    if not stored.startswith(b"\xff\x4f\xff\x51") or len(stored) < 24:
        raise UnreadableImage("A tile that should be JPEG 2000 does not start like one.")
    right, bottom, left, top = _CODESTREAM_SIZE.unpack_from(stored)
    if (right - left, bottom - top) != (width, height):
        raise UnreadableImage("A JPEG 2000 tile is not of the size its page says.")
