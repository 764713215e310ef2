"""The text header of a MetaImage (.mha) file, checked against the object it stands in.

Keys and types: MetaIO's documentation (https://itk.org/Wiki/MetaIO/Documentation); windows are written by the import.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tiler.adapters.bounded_reader import read_exactly
from tiler.domain.problems import UnreadableImage
from tiler.domain.ranged_source import RangedSource
from tiler.domain.tile_index import DisplayWindow

_FIRST_BYTES = 16 << 10
_MAX_HEADER_BYTES = 1 << 20
_MAX_VOXELS_BYTES = 1 << 44
_DATA_HERE = re.compile(rb"(?:^|\n)[ \t]*ElementDataFile[ \t]*=[ \t]*([^\r\n]*)\r?\n")
_FIRST_KEY = re.compile(rb"\s*[A-Za-z][A-Za-z0-9_]*[ \t]*=")
_FIRST_NUMBER = re.compile(r"\[?\s*([-+0-9.eE]+)")
_ELEMENT_TYPES = {
    "MET_CHAR": "i1",
    "MET_UCHAR": "u1",
    "MET_SHORT": "i2",
    "MET_USHORT": "u2",
    "MET_INT": "i4",
    "MET_UINT": "u4",
    "MET_LONG": "i4",
    "MET_ULONG": "u4",
    "MET_LONG_LONG": "i8",
    "MET_ULONG_LONG": "u8",
    "MET_FLOAT": "f4",
    "MET_DOUBLE": "f8",
}


@dataclass(frozen=True)
class MetaImageHeader:
    """What the tiler needs to know of an image.

    Parameters
    ----------
    size
        Pixels along x, y and, if there are as many, z and time.
    spacing_mm
        Along the same axes.
    directions
        Physical direction (towards left, posterior, superior) of every axis, or empty.
    channels
        Values per pixel.
    pixel_type
        In the byte order of the file.
    voxels_start, voxels_end
        Where in the file the voxels stand, compressed or not.
    """

    size: tuple[int, ...]
    spacing_mm: tuple[float, ...]
    directions: tuple[tuple[float, ...], ...]
    channels: int
    pixel_type: np.dtype[Any]
    compressed: bool
    voxels_start: int
    voxels_end: int
    window: DisplayWindow | None

    @property
    def plane_size(self) -> tuple[int, int]:
        """Columns and rows of a slice."""
        return self.size[0], self.size[1]

    @property
    def pixel_size_mm(self) -> tuple[float, float]:
        """Width and height of a slice's pixels."""
        return self.spacing_mm[0], self.spacing_mm[1]

    @property
    def depth(self) -> int:
        """Slices along z; 1 for a picture."""
        return self.size[2] if len(self.size) > 2 else 1

    @property
    def times(self) -> int:
        """Time points; 1 for what does not change."""
        return self.size[3] if len(self.size) > 3 else 1

    @property
    def row_bytes(self) -> int:
        return self.size[0] * self.channels * self.pixel_type.itemsize

    @property
    def slice_bytes(self) -> int:
        return self.size[1] * self.row_bytes

    @property
    def voxels_bytes(self) -> int:
        return math.prod(self.size) * self.channels * self.pixel_type.itemsize


def is_metaimage(start: bytes) -> bool:
    """Whether a file that starts like this can be a MetaImage: its first line is a key with a value."""
    return _FIRST_KEY.match(start) is not None


def read_header(source: RangedSource) -> MetaImageHeader:
    """Read and check the header.

    Raises
    ------
    UnreadableImage
        No MetaImage with its voxels in the same file, or sizes that contradict each other or the file.
    """
    text, voxels_start = _header_text(source)
    header = _header(_keys(text), voxels_start, source.size_bytes)
    if not header.compressed and voxels_start + header.voxels_bytes > source.size_bytes:
        raise UnreadableImage("The image has fewer voxels than its header says.")
    return header


def _header_text(source: RangedSource) -> tuple[bytes, int]:
    for wanted in (_FIRST_BYTES, _MAX_HEADER_BYTES):
        start = read_exactly(source, 0, min(wanted, source.size_bytes))
        found = _DATA_HERE.search(start)
        if found:
            if found[1].strip() not in (b"LOCAL", b"Local", b"local"):
                raise UnreadableImage("The image's voxels are in another file.")
            return start[: found.start() + 1], found.end()
    raise UnreadableImage("The file is no MetaImage: its header does not end.")


def _keys(text: bytes) -> dict[str, str]:
    lines = (line.partition("=") for line in text.decode("utf-8", "replace").splitlines())
    return {key.strip(): value.strip() for key, _, value in lines}


def _header(keys: Mapping[str, str], voxels_start: int, size_bytes: int) -> MetaImageHeader:
    if _is_true(keys, "BinaryData", default=True) is False:
        raise UnreadableImage("MetaImages with voxels as text are not supported.")
    size = _size(keys)
    channels = _whole(keys, "ElementNumberOfChannels", 1)
    if not 1 <= channels <= 4:
        raise UnreadableImage(f"Images of {channels} channels are not supported.")
    header = MetaImageHeader(
        size=size,
        spacing_mm=_spacing_mm(keys, len(size)),
        directions=_directions(keys, len(size)),
        channels=channels,
        pixel_type=_pixel_type(keys),
        compressed=_is_true(keys, "CompressedData", default=False),
        voxels_start=voxels_start,
        voxels_end=_voxels_end(keys, voxels_start, size_bytes),
        window=_window(keys),
    )
    if header.voxels_bytes > _MAX_VOXELS_BYTES:
        raise UnreadableImage("The image is too large.")
    return header


def _size(keys: Mapping[str, str]) -> tuple[int, ...]:
    lengths = _numbers(keys, "DimSize")
    size = tuple(map(int, lengths))
    if size != tuple(lengths):
        raise UnreadableImage("DimSize has numbers that are not whole.")
    if len(size) not in (2, 3, 4) or _whole(keys, "NDims", len(size)) != len(size):
        raise UnreadableImage("Only images of two, three or four dimensions are supported.")
    if min(size) < 1:
        raise UnreadableImage("The image has no pixels.")
    return size


def _spacing_mm(keys: Mapping[str, str], dimensions: int) -> tuple[float, ...]:
    """Return positive spacings; where the header has none that make sense, pixels count as squares."""
    found = _numbers(keys, "ElementSpacing") or _numbers(keys, "ElementSize")
    sensible = len(found) == dimensions and all(0 < abs(value) < math.inf for value in found)
    return tuple(abs(value) for value in found) if sensible else (1.0,) * dimensions


def _directions(keys: Mapping[str, str], dimensions: int) -> tuple[tuple[float, ...], ...]:
    for name in ("TransformMatrix", "Rotation", "Orientation"):
        matrix = _numbers(keys, name)
        if len(matrix) == dimensions * dimensions:
            return tuple(
                tuple(matrix[axis * dimensions : (axis + 1) * dimensions]) for axis in range(dimensions)
            )
    return ()


def _pixel_type(keys: Mapping[str, str]) -> np.dtype[Any]:
    name = keys.get("ElementType", "")
    code = _ELEMENT_TYPES.get(name.removesuffix("_ARRAY"))
    if code is None:
        raise UnreadableImage(f"Voxels of type {name[:40]!r} are not supported.")
    high_byte_first = _is_true(
        keys, "BinaryDataByteOrderMSB", default=_is_true(keys, "ElementByteOrderMSB", default=False)
    )
    return np.dtype((">" if high_byte_first else "<") + code)


def _voxels_end(keys: Mapping[str, str], start: int, size_bytes: int) -> int:
    announced = _whole(keys, "CompressedDataSize", 0)
    return min(start + announced, size_bytes) if announced > 0 else size_bytes


def _window(keys: Mapping[str, str]) -> DisplayWindow | None:
    centre, width = (_FIRST_NUMBER.match(keys.get(name, "")) for name in ("WindowCenter", "WindowWidth"))
    if not (centre and width):
        return None
    middle, extent = _finite(centre[1]), _finite(width[1])
    if middle is None or extent is None or extent <= 0:
        return None
    return DisplayWindow(middle - extent / 2, middle + extent / 2)


def _finite(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _numbers(keys: Mapping[str, str], name: str) -> list[float]:
    values = [_finite(text) for text in keys.get(name, "").split()[:16]]
    return [value for value in values if value is not None] if None not in values else []


def _whole(keys: Mapping[str, str], name: str, default: int) -> int:
    text = keys.get(name)
    if text is None:
        return default
    value = _finite(text)
    if value is None or value != int(value):
        raise UnreadableImage(f"{name} is not a whole number.")
    return int(value)


def _is_true(keys: Mapping[str, str], name: str, *, default: bool) -> bool:
    text = keys.get(name)
    return default if text is None else text.lower() in ("true", "1", "yes", "t", "y")
