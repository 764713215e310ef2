"""DICOM whole-slide images: one file per level, whose frames are the tiles (PS3.3 A.32.8, C.8.12)."""

import io
import struct
import warnings
from array import array
from collections.abc import Iterator, Sequence
from typing import Any

import pydicom
from pydicom.errors import BytesLengthException, InvalidDicomError

from tiler.adapters.slides.dicom_frames import frames, lead
from tiler.domain.encoding import Compression, Encoding, Photometric
from tiler.domain.level import Level
from tiler.domain.limits import MAX_DIRECTORY_BYTES, MAX_SLIDE_PIXELS, MAX_TILES
from tiler.domain.problems import UnreadableImage
from tiler.domain.ranged_source import RangedSource
from tiler.domain.region import Region
from tiler.domain.slide import (
    CopyPlan,
    DecodePlan,
    SlideFacts,
    SlidePlan,
    StoredLevel,
    Vendor,
    refuse_alike,
    refuse_fluorescence,
    refuse_focal_planes,
)
from tiler.domain.slide_files import SlideFiles

_PREAMBLE = b"DICM"
_SLIDES = "1.2.840.10008.5.1.4.1.1.77.1.6"
_JPEG_BASELINE = "1.2.840.10008.1.2.4.50"
_AT_ONCE_BYTES = 256 << 10
_UM_PER_MM = 1000.0
_COLOURS = {
    "RGB": Photometric.RGB,
    "MONOCHROME2": Photometric.BLACK_IS_ZERO,
    "YBR_FULL_422": Photometric.YCBCR,
    "YBR_FULL": Photometric.YCBCR,
}
_DAMAGE = (
    *(AttributeError, KeyError, IndexError, TypeError, ValueError, ArithmeticError),
    *(OSError, EOFError, NotImplementedError, InvalidDicomError, BytesLengthException, struct.error),
)
"""What pydicom raises where a header is damaged; values are converted when they are asked for."""

_Tags = Any


def plan_dicom(files: SlideFiles) -> SlidePlan:
    """Plan the series that the main file belongs to: its levels are the siblings of the same series.

    Raises
    ------
    UnreadableImage
        No slide, fluorescence, several focal planes, or damaged.
    """
    try:
        with warnings.catch_warnings(action="ignore"):  # pydicom warns about values we do not even look at
            return _plan(_series(files))
    except _DAMAGE as problem:
        raise UnreadableImage("The DICOM header of the slide is incomplete or damaged.") from problem


def _series(files: SlideFiles) -> list[tuple[_Tags, int, RangedSource]]:
    main, _ = _read(files.open(files.main))
    if main is None or main.get("SOPClassUID") != _SLIDES:
        raise UnreadableImage("The file is DICOM, but no whole-slide image.")
    volumes = sorted(_volumes(files, main), key=lambda one: -one[0].TotalPixelMatrixColumns)
    if not volumes:
        raise UnreadableImage("The slide has no image besides its label and overview.")
    return volumes


def _plan(volumes: Sequence[tuple[_Tags, int, RangedSource]]) -> SlidePlan:
    largest = volumes[0][0]
    for tags, _, _ in volumes:
        _refuse_planes(tags)
    refuse_alike(
        [(int(tags.TotalPixelMatrixColumns), int(tags.TotalPixelMatrixRows)) for tags, _, _ in volumes]
    )
    width, height = int(largest.TotalPixelMatrixColumns), int(largest.TotalPixelMatrixRows)
    if not 0 < width * height <= MAX_SLIDE_PIXELS:
        raise UnreadableImage("The slide is too large, or empty.")
    facts = _facts(largest)
    levels = [
        StoredLevel(source, _level(tags, at, source), lead)
        for tags, at, source in volumes
        if _can_be_copied(tags)
    ]
    if not _can_be_copied(largest):
        return DecodePlan(facts, Region(0, 0, width, height))
    return CopyPlan(facts, tuple(levels))


def _volumes(files: SlideFiles, main: _Tags) -> Iterator[tuple[_Tags, int, RangedSource]]:
    for name in files.names():
        if name == files.main or _may_be_dicom(name):
            source = files.open(name)
            tags, at = _read(source)
            if tags is not None and _is_level(tags, main):
                yield tags, at, source


def _may_be_dicom(name: str) -> bool:
    """Many systems name files after their UID, which has dots."""
    _, dot, suffix = name.rpartition(".")
    return not dot or suffix.lower() in ("dcm", "dicom") or suffix.isdecimal()


def _is_level(tags: _Tags, main: _Tags) -> bool:
    flavour = [str(value) for value in tags.get("ImageType", [])]
    return tags.get("SeriesInstanceUID") == main.get("SeriesInstanceUID") and "VOLUME" in flavour[2:3]


def _read(source: RangedSource) -> tuple[_Tags | None, int]:
    """Return the tags before the pixels, and where the pixels begin; None when the file is no DICOM."""
    stream = io.BufferedReader(_Stream(source), _AT_ONCE_BYTES)
    if stream.peek(132)[128:132] != _PREAMBLE:
        return None, 0
    tags = pydicom.dcmread(stream, stop_before_pixels=True)
    return tags, stream.tell()


class _Stream(io.RawIOBase):
    """A ranged source as a file that can only be read, within the budget of a header."""

    name = "slide"  # pydicom asks every buffered file for its name

    def __init__(self, source: RangedSource) -> None:
        self._source, self._at, self._left = source, 0, MAX_DIRECTORY_BYTES

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._source.size_bytes}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: Any) -> int:
        end = min(self._at + len(buffer), self._source.size_bytes)
        body = self._source.read(self._at, end) if end > self._at else b""
        self._left -= len(body)
        if self._left < 0:
            raise UnreadableImage("The DICOM header of the slide is too large.")
        buffer[: len(body)] = body
        self._at += len(body)
        return len(body)


def _refuse_planes(tags: _Tags) -> None:
    refuse_fluorescence(
        " ".join(
            str(path.get("IlluminationTypeCodeSequence", "")) for path in tags.get("OpticalPathSequence", [])
        )
    )
    if int(tags.get("NumberOfOpticalPaths", 1) or 1) > 1:
        raise UnreadableImage("Slides with several channels are not supported yet.")
    refuse_focal_planes(int(tags.get("TotalPixelMatrixFocalPlanes", 1) or 1))


def _facts(tags: _Tags) -> SlideFacts:
    down, across = map(float, tags.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].PixelSpacing)
    path = tags.get("OpticalPathSequence", [{}])[0]
    power = path.get("ObjectiveLensPower")
    return SlideFacts(
        vendor=Vendor.DICOM,
        pixel_width_um=across * _UM_PER_MM,
        pixel_height_um=down * _UM_PER_MM,
        magnification=float(power) if power else None,
        icc_profile=_data(path, "ICCProfile"),
    )


def _data(tags: _Tags, keyword: str) -> bytes:
    """Return the bytes of an element; files may claim that it is a number, of which `bytes` would make as many zeros."""
    value = tags.get(keyword) or b""
    if not isinstance(value, bytes):
        raise UnreadableImage("The DICOM header of the slide is incomplete or damaged.")
    return value


def _can_be_copied(tags: _Tags) -> bool:
    return (
        tags.file_meta.TransferSyntaxUID == _JPEG_BASELINE
        and tags.PhotometricInterpretation in _COLOURS
        and int(tags.Columns) % 16 == int(tags.Rows) % 16 == 0
        and tags.get("DimensionOrganizationType", "TILED_SPARSE") in ("TILED_FULL", "TILED_SPARSE")
    )


def _level(tags: _Tags, at: int, source: RangedSource) -> Level:
    width, height = int(tags.TotalPixelMatrixColumns), int(tags.TotalPixelMatrixRows)
    tile = (int(tags.Columns), int(tags.Rows))
    columns, rows = -(-width // tile[0]), -(-height // tile[1])
    if not 0 < columns * rows <= MAX_TILES:
        raise UnreadableImage(f"The slide has more than {MAX_TILES} tiles, or none.")
    places = _places(tags, tile, columns, rows)
    offsets, lengths = array("Q", bytes(8 * columns * rows)), array("Q", bytes(8 * columns * rows))
    found = frames(source, at, len(places), _data(tags, "ExtendedOffsetTable"))
    for place, (start, length) in zip(places, found, strict=True):
        offsets[place], lengths[place] = start, length
    samples = int(tags.SamplesPerPixel)
    encoding = Encoding(Compression.JPEG, _COLOURS[tags.PhotometricInterpretation], samples)
    encoding.require_readable()
    return Level(width, height, *tile, padded=True, encoding=encoding, offsets=offsets, lengths=lengths)


def _places(tags: _Tags, tile: tuple[int, int], columns: int, rows: int) -> Sequence[int]:
    """Return where in the grid each frame belongs."""
    count = int(tags.NumberOfFrames)
    if tags.get("DimensionOrganizationType") == "TILED_FULL":
        if count != columns * rows:
            raise UnreadableImage("The slide does not have as many frames as its size needs.")
        return range(count)
    places = [_place(group, tile, columns, rows) for group in tags.PerFrameFunctionalGroupsSequence]
    if len(places) != count or len(set(places)) != count:
        raise UnreadableImage("Frames of the slide do not say where they belong, or overlap.")
    return places


def _place(group: _Tags, tile: tuple[int, int], columns: int, rows: int) -> int:
    position = group.PlanePositionSlideSequence[0]
    x, y = (
        int(position.ColumnPositionInTotalImagePixelMatrix) - 1,
        int(position.RowPositionInTotalImagePixelMatrix) - 1,
    )
    if x % tile[0] or y % tile[1] or not (0 <= x < columns * tile[0] and 0 <= y < rows * tile[1]):
        raise UnreadableImage("Frames of the slide lie on no common grid, which is not supported yet.")
    return y // tile[1] * columns + x // tile[0]
