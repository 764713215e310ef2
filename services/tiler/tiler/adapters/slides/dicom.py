"""DICOM whole-slide images: levels whose frames are the tiles (PS3.3 A.32.8, C.8.12)."""

import struct
import warnings
from array import array
from collections.abc import Iterator, Sequence
from itertools import chain

from pydicom.errors import BytesLengthException, InvalidDicomError
from pydicom.uid import (
    JPEG2000,
    UID,
    ExplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
)

from tiler.adapters.jpeg_tiles import with_true_colours
from tiler.adapters.slides.dicom_area import of_one_area
from tiler.adapters.slides.dicom_files import DicomLevel, Tags, read_levels
from tiler.adapters.slides.dicom_frames import frames, lead
from tiler.domain.encoding import Compression, Encoding, Photometric
from tiler.domain.level import Level
from tiler.domain.level_gaps import lacks_what_is_in
from tiler.domain.limits import MAX_SLIDE_PIXELS, MAX_TILES
from tiler.domain.problems import UnreadableImage
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

_DECODED_BY_OPENSLIDE = (ExplicitVRLittleEndian, JPEGBaseline8Bit)
_JPEG_2000 = (JPEG2000Lossless, JPEG2000)
_UM_PER_MM = 1000.0
_SEVERAL_AT_A_PLACE = (
    "Frames of the slide overlap: it has several channels or focal planes, which is not supported yet."
)
_COLOURS = {
    "RGB": Photometric.RGB,
    "MONOCHROME2": Photometric.BLACK_IS_ZERO,
    "YBR_FULL_422": Photometric.YCBCR,
    "YBR_FULL": Photometric.YCBCR,
}
_JPEG_2000_COLOURS = {
    **dict.fromkeys(("YBR_FULL_422", "YBR_FULL", "YBR_ICT", "YBR_RCT"), Compression.JPEG_2000_YCBCR),
    **dict.fromkeys(("RGB", "MONOCHROME2"), Compression.JPEG_2000_RGB),
}
_DAMAGE = (
    *(AttributeError, KeyError, IndexError, TypeError, ValueError, ArithmeticError),
    *(OSError, EOFError, NotImplementedError, InvalidDicomError, BytesLengthException, struct.error),
)
"""What pydicom raises where a header is damaged; values are converted when they are asked for."""


def plan_dicom(files: SlideFiles) -> SlidePlan:
    """Plan the series that the main file belongs to: its levels are the siblings of the same series.

    Raises
    ------
    UnreadableImage
        No slide, fluorescence, several focal planes, or damaged.
    """
    try:
        with warnings.catch_warnings(action="ignore"):  # pydicom warns about values we do not even look at
            return _plan(of_one_area(read_levels(files)))
    except _DAMAGE as problem:
        raise UnreadableImage("The DICOM header of the slide is incomplete or damaged.") from problem


def _plan(levels: Sequence[DicomLevel]) -> SlidePlan:
    largest = levels[0]
    for level in levels:
        _refuse_planes(level.tags)
    refuse_alike([level.size for level in levels])
    width, height = largest.size
    if not 0 < width * height <= MAX_SLIDE_PIXELS:
        raise UnreadableImage("The slide is too large, or empty.")
    facts = _facts(largest)
    if not _can_be_copied(largest.tags):
        return _decoded(largest, facts)
    first, *others = (_stored(level) for level in levels if _can_be_copied(level.tags))
    kept = (one for one in others if not lacks_what_is_in(one.level, first.level))
    return CopyPlan(facts, (first, *kept))


def _stored(level: DicomLevel) -> StoredLevel:
    colours = _COLOURS[level.tags.PhotometricInterpretation]
    encoding = Encoding(Compression.JPEG, colours, int(level.tags.SamplesPerPixel))
    tiles = _level(level, encoding, by_table=True)
    return StoredLevel(level.source, with_true_colours(level.source, tiles), lead)


def _decoded(level: DicomLevel, facts: SlideFacts) -> DecodePlan:
    """Decode JPEG 2000 here, and leave the rest to OpenSlide."""
    region, kind = Region(0, 0, *level.size), UID(level.tags.file_meta.TransferSyntaxUID)
    if kind in _JPEG_2000:
        tiles = _level(level, _in_jpeg_2000(level.tags), by_table=False)
        return DecodePlan(facts, region, StoredLevel(level.source, tiles))
    if kind not in _DECODED_BY_OPENSLIDE:
        raise UnreadableImage(f"DICOM slides encoded as {kind.name} are not supported yet.")
    if len(level.parts) > 1:  # OpenSlide would see one of them
        raise UnreadableImage(
            "Slides spread over several files are only supported in baseline JPEG and JPEG 2000 yet."
        )
    _places(level)  # of several frames at one place OpenSlide would show one
    return DecodePlan(facts, region)


def _in_jpeg_2000(tags: Tags) -> Encoding:
    """Return how frames are written.

    What the header calls YBR is YCbCr only where the code stream itself does not turn its colours: OpenSlide 4.0.1 believes
    of all that is called YBR_ICT that it does, and knows no YBR_FULL_422 (openslide/openslide#772).
    """
    compression = _JPEG_2000_COLOURS.get(tags.PhotometricInterpretation)
    if compression is None:
        raise UnreadableImage("The colours of the slide are told in a way that is not supported.")
    if int(tags.get("BitsStored", 8)) != 8:
        raise UnreadableImage("Only slides with 8 bits per colour are supported.")
    samples = int(tags.SamplesPerPixel)
    return Encoding(compression, Photometric.RGB if samples > 1 else Photometric.BLACK_IS_ZERO, samples)


def _refuse_planes(tags: Tags) -> None:
    refuse_fluorescence(
        " ".join(
            str(path.get("IlluminationTypeCodeSequence", "")) for path in tags.get("OpticalPathSequence", [])
        )
    )
    described = len(tags.get("OpticalPathSequence") or ())  # sparse slides need not say the number
    if int(tags.get("NumberOfOpticalPaths") or described) > 1:
        raise UnreadableImage("Slides with several channels are not supported yet.")
    refuse_focal_planes(int(tags.get("TotalPixelMatrixFocalPlanes", 1) or 1))


def _facts(level: DicomLevel) -> SlideFacts:
    path: Tags = next(iter(level.tags.get("OpticalPathSequence") or ()), {})
    power = path.get("ObjectiveLensPower")
    width_um, height_um = (side * _UM_PER_MM or None for side in level.pixel_mm)
    return SlideFacts(
        vendor=Vendor.DICOM,
        pixel_width_um=width_um,
        pixel_height_um=height_um,
        magnification=float(power) if power else None,
        icc_profile=_data(path, "ICCProfile"),
    )


def _data(tags: Tags, keyword: str) -> bytes:
    """Return the bytes of an element; files may claim that it is a number, of which `bytes` would make as many zeros."""
    value = tags.get(keyword) or b""
    if not isinstance(value, bytes):
        raise UnreadableImage("The DICOM header of the slide is incomplete or damaged.")
    return value


def _can_be_copied(tags: Tags) -> bool:
    return (
        tags.file_meta.TransferSyntaxUID == JPEGBaseline8Bit
        and tags.PhotometricInterpretation in _COLOURS
        and int(tags.Columns) % 16 == int(tags.Rows) % 16 == 0
        and tags.get("DimensionOrganizationType", "TILED_SPARSE") in ("TILED_FULL", "TILED_SPARSE")
    )


def _level(level: DicomLevel, encoding: Encoding, *, by_table: bool) -> Level:
    """Return the tiles of a level; `by_table` as of `frames`."""
    encoding.require_readable()
    tile, columns, rows = _grid(level)
    places = _places(level)
    offsets, lengths = array("Q", bytes(8 * columns * rows)), array("Q", bytes(8 * columns * rows))
    for place, (start, length) in zip(places, _frames(level, by_table=by_table), strict=True):
        offsets[place], lengths[place] = start, length
    stored = Level(
        *level.stored_size, *tile, padded=True, encoding=encoding, offsets=offsets, lengths=lengths
    )
    return stored if level.shown is None else stored.cut(*level.shown)


def _grid(level: DicomLevel) -> tuple[tuple[int, int], int, int]:
    """Return width and height of a tile, and how many columns and rows of them are stored."""
    tile, (width, height) = (int(level.tags.Columns), int(level.tags.Rows)), level.stored_size
    columns, rows = -(-width // tile[0]), -(-height // tile[1])
    if not 0 < columns * rows <= MAX_TILES:
        raise UnreadableImage(f"The slide has more than {MAX_TILES} tiles, or none.")
    return tile, columns, rows


def _frames(level: DicomLevel, *, by_table: bool) -> Iterator[tuple[int, int]]:
    """Yield start and length of every frame in the source of the level."""
    for part, base in zip(level.parts, level.starts, strict=True):
        count, table = int(part.tags.NumberOfFrames), _data(part.tags, "ExtendedOffsetTable")
        for start, length in frames(part.source, part.at, count, table, by_table=by_table):
            yield base + start, length


def _places(level: DicomLevel) -> Sequence[int]:
    """Return where in the grid each frame belongs, none of them twice."""
    tile, columns, rows = _grid(level)
    count = sum(int(part.tags.NumberOfFrames) for part in level.parts)
    if count > columns * rows:
        raise UnreadableImage(_SEVERAL_AT_A_PLACE)
    says_places = "PerFrameFunctionalGroupsSequence" in level.tags
    if level.tags.get("DimensionOrganizationType") == "TILED_FULL" or not says_places:
        if count != columns * rows:
            raise UnreadableImage("The slide does not have as many frames as its size needs.")
        return range(count)
    groups = chain.from_iterable(part.tags.PerFrameFunctionalGroupsSequence for part in level.parts)
    places = [_place(group, tile, columns, rows) for group in groups]
    if len(places) != count:
        raise UnreadableImage("Frames of the slide do not say where they belong.")
    if len(set(places)) != count:
        raise UnreadableImage(_SEVERAL_AT_A_PLACE)
    return places


def _place(group: Tags, tile: tuple[int, int], columns: int, rows: int) -> int:
    position = group.PlanePositionSlideSequence[0]
    x, y = (
        int(position.ColumnPositionInTotalImagePixelMatrix) - 1,
        int(position.RowPositionInTotalImagePixelMatrix) - 1,
    )
    if x % tile[0] or y % tile[1] or not (0 <= x < columns * tile[0] and 0 <= y < rows * tile[1]):
        raise UnreadableImage("Frames of the slide lie on no common grid, which is not supported yet.")
    return y // tile[1] * columns + x // tile[0]
