"""Hamamatsu's VMS and VMU: a text file that names the pictures side by side that are the slide."""

import re
from collections.abc import Iterator, Mapping

from tiler.adapters.bounded_reader import read_exactly
from tiler.adapters.slides.jpeg_streams import read_head
from tiler.domain.jpeg_intervals import IntervalStream, joinable, tile_size
from tiler.domain.limits import MAX_SLIDE_FILES
from tiler.domain.missing_files import as_present, require_files
from tiler.domain.problems import UnreadableImage
from tiler.domain.region import Region
from tiler.domain.scanner_numbers import positive_number
from tiler.domain.slide import (
    DecodePlan,
    JoinedLevel,
    JoinPlan,
    SlideFacts,
    SlidePlan,
    Vendor,
    refuse_focal_planes,
)
from tiler.domain.slide_files import SlideFiles

_JPEG_PARTS = "[Virtual Microscope Specimen]"
_RAW_PARTS = "[Uncompressed Virtual Microscope Specimen]"
_MOST_BYTES = 64 << 10
_NM_PER_UM = 1000.0
_PLACED = re.compile(r"ImageFile(?:\((?:(\d{1,3}),)?(\d{1,3}),(\d{1,3})\)|\((\d{1,3})\))?$")
"""Layer, column and row of a picture: (column,row), (layer,column,row) or (layer); what is missing is 0."""


def is_vms(start: bytes) -> bool:
    """Whether a file that starts like this is such a text."""
    return start.lstrip().startswith((_JPEG_PARTS.encode(), _RAW_PARTS.encode()))


def plan_vms(files: SlideFiles) -> SlidePlan:
    """Plan to join JPEG parts if their intervals fit one grid of tiles; everything else is left to OpenSlide."""
    source = files.open(files.main)
    if source.size_bytes > _MOST_BYTES:
        raise UnreadableImage("The text that names the pictures of the slide is too long.")
    text = read_exactly(source, 0, source.size_bytes).decode("utf-8", "replace")
    keys = dict(_keys(text))
    refuse_focal_planes(_layers(keys))
    pictures = {key: name for key, name in keys.items() if _PLACED.match(key)}
    found = as_present(files, pictures)
    require_files(files, found.values())
    facts = SlideFacts(Vendor.HAMAMATSU, magnification=_number(keys, "SourceLens"))
    if text.lstrip().startswith(_RAW_PARTS):
        if keys.get("PixelOrder") != "RGB":  # OpenSlide 4.0.1 dies of texts that do not say it
            raise UnreadableImage("The slide does not say that its pixels are red, green and blue.")
        return _for_openslide(facts, pictures, files)
    level = _level(_parts(found), files)
    if not _fit(level):
        return _for_openslide(facts, pictures, files)
    return JoinPlan(_with_pixel_size(facts, keys, level), (level,))


def _for_openslide(facts: SlideFacts, pictures: Mapping[str, str], files: SlideFiles) -> DecodePlan:
    """Leave the slide to OpenSlide, which finds its pictures under the very names that the text has."""
    require_files(files, pictures.values())
    return DecodePlan(facts, Region(0, 0, 0, 0))


def _keys(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        key, equals, value = line.partition("=")
        if equals:
            yield key.strip(), value.strip()


def _number(keys: Mapping[str, str], name: str) -> float | None:
    return positive_number(keys.get(name, ""))


def _layers(keys: Mapping[str, str]) -> int:
    """Return how many focal planes the slide names pictures of; at least two unless it claims to have one."""
    named = [1 + int(found[1] or found[4] or 0) for key in keys if (found := _PLACED.match(key))]
    claimed = positive_number(keys.get("NoLayers", "1")) or 2
    return max(1 if claimed <= 1 else 2, *named, 1)


def _parts(keys: Mapping[str, str]) -> dict[tuple[int, int], str]:
    named = [
        ((int(found[2] or 0), int(found[3] or 0)), name)
        for key, name in keys.items()
        if (found := _PLACED.match(key))
    ]
    placed = dict(named)
    columns, rows = (1 + max((at[axis] for at in placed), default=-1) for axis in (0, 1))
    if not placed or len(placed) > MAX_SLIDE_FILES or not len(named) == len(placed) == columns * rows:
        raise UnreadableImage("The slide does not name all of its pictures, or two for one place.")
    return placed


def _level(parts: Mapping[tuple[int, int], str], files: SlideFiles) -> JoinedLevel:
    streams = {at: _stream(files, name) for at, name in parts.items()}
    widths = {at[0]: stream.width for at, stream in streams.items() if at[1] == 0}
    heights = {at[1]: stream.height for at, stream in streams.items() if at[0] == 0}
    if any((one.width, one.height) != (widths[at[0]], heights[at[1]]) for at, one in streams.items()):
        raise UnreadableImage("The pictures of the slide do not fit together.")
    placed = [
        one.moved(sum(widths[x] for x in range(at[0])), sum(heights[y] for y in range(at[1])))
        for at, one in streams.items()
    ]
    return JoinedLevel(sum(widths.values()), sum(heights.values()), tuple(placed))


def _stream(files: SlideFiles, name: str) -> IntervalStream:
    source = files.open(name)
    head = read_head(source, 0, source.size_bytes)
    width, height = head.size
    if not (width and height):
        raise UnreadableImage("A picture of the slide does not say how large it is.")
    return IntervalStream(source, 0, source.size_bytes, head, width, height)


def _fit(level: JoinedLevel) -> bool:
    """Whether every part begins where a tile begins, and all share their tables."""
    first = level.streams[0].head
    width, height = tile_size(first) if first.interval_mcus else (1, 1)
    return all(
        joinable(one.head, one.width)
        and (one.left % width, one.top % height) == (0, 0)
        and (one.head.tables, one.head.factors, one.head.restart)
        == (first.tables, first.factors, first.restart)
        for one in level.streams
    )


def _with_pixel_size(facts: SlideFacts, keys: Mapping[str, str], level: JoinedLevel) -> SlideFacts:
    width, height = _number(keys, "PhysicalWidth"), _number(keys, "PhysicalHeight")
    return SlideFacts(
        facts.vendor,
        width / level.width / _NM_PER_UM if width else None,
        height / level.height / _NM_PER_UM if height else None,
        facts.magnification,
    )
