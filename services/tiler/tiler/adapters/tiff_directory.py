"""The pages of a TIFF or BigTIFF file, read with few ranges of any source and trusting nothing in it.

Called when a tile index is built and when a preview is made. Numbers of tags and their defaults: TIFF 6.0,
Adobe's TIFF Technical Notes 1 (SubIFDs) and 2 (JPEG), the BigTIFF design.
"""

from array import array
from itertools import repeat
from operator import add
from typing import NamedTuple

from tiler.adapters.bounded_reader import BoundedReader
from tiler.adapters.tiff_description import description_of
from tiler.adapters.tiff_pixel_size import pixel_size_um
from tiler.adapters.tiff_tags import Dialect, Tags, read_tags
from tiler.domain.encoding import Compression, Encoding, Opacity, Photometric
from tiler.domain.limits import MAX_LARGE_TAG_BYTES, MAX_PAGES, MAX_TAGS, MAX_TILES, MIB
from tiler.domain.problems import UnreadableImage
from tiler.domain.ranged_source import RangedSource
from tiler.domain.tiff_page import TiffPage

_NEW_SUBFILE_TYPE, _WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC, _FILL_ORDER = (
    254,
    256,
    257,
    258,
    259,
    262,
    266,
)
_STRIP_OFFSETS, _SAMPLES, _ROWS_PER_STRIP, _STRIP_LENGTHS = 273, 277, 278, 279
_PLANAR, _PREDICTOR, _COLOUR_MAP = 284, 317, 320
_TILE_WIDTH, _TILE_HEIGHT, _TILE_OFFSETS, _TILE_LENGTHS, _SUB_IFDS = 322, 323, 324, 325, 330
_EXTRA_SAMPLES, _SAMPLE_FORMAT, _JPEG_TABLES, _XMP, _IMAGE_DEPTH, _ICC_PROFILE = (
    338,
    339,
    347,
    700,
    32997,
    34675,
)

_MAX_SIDE = (1 << 31) - 1
_ROWS_TOGETHER_BYTES = MIB
_SIGNATURES = {
    b"II*\0": Dialect("<", big=False),
    b"MM\0*": Dialect(">", big=False),
    b"II+\0": Dialect("<", big=True),
    b"MM\0+": Dialect(">", big=True),
}


def is_tiff(start: bytes) -> bool:
    """Whether a file that starts like this is a TIFF or BigTIFF."""
    return start[:4] in _SIGNATURES


def read_pages(source: RangedSource) -> list[TiffPage]:
    """Read all pages, in the file's order; sub-pages hang below theirs.

    Raises
    ------
    UnreadableImage
        The file is no TIFF, contradicts itself, points outside itself or in a circle, or is beyond the limits.
    """
    reader = BoundedReader(source)
    start = reader.read(0, min(16, reader.size_bytes))
    dialect = _SIGNATURES.get(start[:4])
    if dialect is None or len(start) < 8:
        raise UnreadableImage("The file is no TIFF.")
    return _Walk(reader, dialect).chain(_first_offset(start, dialect))


def _first_offset(start: bytes, dialect: Dialect) -> int:
    if not dialect.big:
        return dialect.pointer(start[4:8])
    if len(start) < 16 or start[4:8] not in (b"\x08\0\0\0", b"\0\x08\0\0"):
        raise UnreadableImage("The BigTIFF header is damaged.")
    return dialect.pointer(start[8:16])


class _Walk:
    """Follows the directories of one file and counts what they ask for."""

    def __init__(self, reader: BoundedReader, dialect: Dialect) -> None:
        self._reader = reader
        self._dialect = dialect
        self._seen: set[int] = set()
        self._tiles_left = MAX_TILES
        self._largest_px = 0

    def chain(self, offset: int) -> list[TiffPage]:
        pages = []
        while offset:
            page, offset = self._page(offset, with_sub_pages=True)
            pages.append(page)
        if not pages:
            raise UnreadableImage("The TIFF file has no image.")
        return pages

    def _page(self, offset: int, *, with_sub_pages: bool) -> tuple[TiffPage, int]:
        self._enter(offset)
        number = len(self._seen) - 1
        tags, following = read_tags(self._reader, self._dialect, offset)
        grid = _grid(tags, limit=self._tiles_left)
        self._tiles_left -= len(grid.offsets)
        _require_inside(grid, self._reader.size_bytes)
        icc_profile = self._profile(tags, grid)
        sub_pages = self._sub_pages(tags) if with_sub_pages else ()
        return _page(tags, grid, number, sub_pages, icc_profile), following

    def _profile(self, tags: Tags, grid: "_Grid") -> bytes:
        """Return the colour profile, which smaller versions repeat: those of Aperio's GT450 are 13 MB each."""
        if grid.width * grid.height <= self._largest_px:
            return b""
        self._largest_px = grid.width * grid.height
        return tags.data(_ICC_PROFILE, at_most=MAX_LARGE_TAG_BYTES)

    def _enter(self, offset: int) -> None:
        if offset in self._seen:
            raise UnreadableImage("The TIFF directories run in a circle.")
        self._seen.add(offset)
        if len(self._seen) > MAX_PAGES:
            raise UnreadableImage(f"The TIFF file has more than {MAX_PAGES} directories.")

    def _sub_pages(self, tags: Tags) -> tuple[TiffPage, ...]:
        offsets = tags.numbers(_SUB_IFDS, at_most=MAX_PAGES)
        return tuple(self._page(offset, with_sub_pages=False)[0] for offset in offsets)


class _Grid(NamedTuple):
    width: int
    height: int
    tiled: bool
    segment_width: int
    segment_height: int
    encoding: Encoding
    offsets: "array[int]"
    lengths: "array[int]"
    is_deep: bool


def _page(
    tags: Tags, grid: _Grid, number: int, sub_pages: tuple[TiffPage, ...], icc_profile: bytes
) -> TiffPage:
    description = description_of(tags)
    pixel_width_um, pixel_height_um = pixel_size_um(tags, description)
    return TiffPage(
        **grid._asdict(),
        number=number,
        subfile_type=tags.number(_NEW_SUBFILE_TYPE, 0),
        description=description,
        pixel_width_um=pixel_width_um,
        pixel_height_um=pixel_height_um,
        sub_pages=sub_pages,
        xmp=tags.data(_XMP, at_most=MAX_LARGE_TAG_BYTES).decode("utf-8", "replace") if _XMP in tags else "",
        icc_profile=icc_profile,
    )


def _grid(tags: Tags, limit: int) -> _Grid:
    width, height = _side(tags, _WIDTH), _side(tags, _HEIGHT)
    encoding = _encoding(tags)
    tiled = _TILE_WIDTH in tags
    across, down = (
        (_side(tags, _TILE_WIDTH), _side(tags, _TILE_HEIGHT)) if tiled else (width, _strip_rows(tags, height))
    )
    expected = -(-width // across) * -(-height // down) * encoding.planes
    offsets, lengths = _locations(tags, expected, tiled=tiled, limit=limit)
    is_deep = (
        tags.count(_TILE_OFFSETS if tiled else _STRIP_OFFSETS) > expected or tags.number(_IMAGE_DEPTH, 1) > 1
    )
    grid = _Grid(width, height, tiled, across, down, encoding, offsets, lengths, is_deep)
    return _cut_into_rows(grid) if _is_one_plain_strip(grid) else grid


def _side(tags: Tags, tag: int) -> int:
    side = tags.number(tag, 0)
    if not 0 < side <= _MAX_SIDE:
        raise UnreadableImage("A TIFF page does not say how large it is.")
    return side


def _strip_rows(tags: Tags, height: int) -> int:
    rows = tags.number(_ROWS_PER_STRIP, height)
    if rows < 1:
        raise UnreadableImage("A TIFF page has strips without rows.")
    return min(rows, height)


def _locations(tags: Tags, expected: int, *, tiled: bool, limit: int) -> "tuple[array[int], array[int]]":
    if expected > limit:
        raise UnreadableImage(f"The TIFF file has more than {MAX_TILES} tiles.")
    offsets_tag, lengths_tag = (_TILE_OFFSETS, _TILE_LENGTHS) if tiled else (_STRIP_OFFSETS, _STRIP_LENGTHS)
    if min(tags.count(offsets_tag), tags.count(lengths_tag)) < expected:
        raise UnreadableImage("A TIFF page does not say where all of its tiles are.")
    offsets = tags.numbers(offsets_tag, at_most=limit)
    lengths = tags.numbers(lengths_tag, at_most=limit)
    return offsets[:expected], lengths[:expected]


def _require_inside(grid: _Grid, size_bytes: int) -> None:
    if max(map(add, grid.offsets, grid.lengths)) > size_bytes:
        raise UnreadableImage("Tiles lie outside the file; it is damaged or cut off.")


def _is_one_plain_strip(grid: _Grid) -> bool:
    return not grid.tiled and grid.encoding.compression == Compression.NONE and len(grid.offsets) == 1


def _cut_into_rows(grid: _Grid) -> _Grid:
    """See an uncompressed page in one piece as strips of about a megabyte, to be read bit by bit."""
    encoding = grid.encoding
    row_bytes = -(-grid.width * encoding.samples_per_pixel * encoding.bits_per_sample // 8)
    if grid.lengths[0] < row_bytes * grid.height:
        raise UnreadableImage("A TIFF page is shorter than it says.")
    rows = max(1, _ROWS_TOGETHER_BYTES // row_bytes)
    starts = range(0, grid.height, rows)
    if len(starts) > MAX_TILES:
        raise UnreadableImage(f"The TIFF file has more than {MAX_TILES} tiles.")
    offsets = array("Q", map(add, repeat(grid.offsets[0]), (start * row_bytes for start in starts)))
    lengths = array("Q", (min(rows, grid.height - start) * row_bytes for start in starts))
    return grid._replace(segment_height=min(rows, grid.height), offsets=offsets, lengths=lengths)


def _encoding(tags: Tags) -> Encoding:
    bits, samples, photometric = tags.number(_BITS, 1), tags.number(_SAMPLES, 1), tags.number(_PHOTOMETRIC, 1)
    if not (bits and samples):
        raise UnreadableImage("A TIFF page has pixels without values.")
    return Encoding(
        compression=tags.number(_COMPRESSION, Compression.NONE),
        photometric=photometric,
        samples_per_pixel=samples,
        bits_per_sample=bits,
        sample_format=_sample_format(tags),
        predictor=tags.number(_PREDICTOR, 1),
        separate_planes=tags.number(_PLANAR, 1) == 2,
        byte_order=tags.byte_order,
        reversed_bits=tags.number(_FILL_ORDER, 1) == 2,
        opacity=_opacity(tags),
        jpeg_tables=tags.data(_JPEG_TABLES),
        palette=_palette(tags, bits) if photometric == Photometric.PALETTE else b"",
    )


def _sample_format(tags: Tags) -> int:
    found = tags.number(_SAMPLE_FORMAT, 1)
    return 1 if found == 4 else found  # 4 is "undefined", which writers use for plain unsigned values


def _opacity(tags: Tags) -> int:
    first = tags.numbers(_EXTRA_SAMPLES, at_most=MAX_TAGS)[:1]
    return first[0] if first and first[0] in tuple(Opacity) else Opacity.NONE


def _palette(tags: Tags, bits: int) -> bytes:
    if bits > 16:
        raise UnreadableImage("A colour map with more than 65,536 colours is not supported.")
    colours = tags.numbers(_COLOUR_MAP, at_most=3 << bits)
    if len(colours) != 3 << bits:
        raise UnreadableImage("The colour map does not fit the pixels.")
    shift = 8 if max(colours) > 255 else 0  # some writers fill 16 bits with values of 8
    entries = 1 << bits
    return bytes(
        colours[channel * entries + value] >> shift for value in range(entries) for channel in range(3)
    )
