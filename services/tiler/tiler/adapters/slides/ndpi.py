"""Hamamatsu's NDPI: a TIFF with 64-bit pointers squeezed in, whose levels are single JPEG streams of any size."""

import math
from collections.abc import Iterator
from typing import NamedTuple

from tiler.adapters.bounded_reader import BoundedReader
from tiler.adapters.slides.jpeg_streams import read_head
from tiler.adapters.slides.ndpi_mark import NDPI, first_directory
from tiler.adapters.tiff_tags import Tags, read_tags
from tiler.domain.encoding import Compression
from tiler.domain.jpeg_intervals import IntervalStream, joinable
from tiler.domain.limits import MAX_LARGE_TAG_BYTES, MAX_PAGES, MAX_SLIDE_PIXELS
from tiler.domain.problems import UnreadableImage
from tiler.domain.ranged_source import RangedSource
from tiler.domain.region import Region
from tiler.domain.slide import (
    DecodePlan,
    JoinedLevel,
    JoinPlan,
    SlideFacts,
    SlidePlan,
    Vendor,
    refuse_alike,
    refuse_focal_planes,
)

_WIDTH, _HEIGHT, _OFFSET, _LENGTH, _X_RESOLUTION, _Y_RESOLUTION, _UNIT = 256, 257, 273, 279, 282, 283, 296
_COMPRESSION, _ICC_PROFILE, _LENS, _FOCUS = 259, 34675, 65421, 65424
_UNIT_UM = {2: 25_400.0, 3: 10_000.0}


class _Page(NamedTuple):
    width: int
    height: int
    start: int
    end: int
    lens: float
    focus: bytes
    compression: int
    pixel_width_um: float | None
    pixel_height_um: float | None
    icc_profile: bytes


def plan_ndpi(source: RangedSource) -> SlidePlan:
    """Plan to join the levels that have restart markers, or to decode when the largest has none."""
    scanned = _scanned(source)
    main = scanned[0]
    if main.width * main.height > MAX_SLIDE_PIXELS:
        raise UnreadableImage("The slide is too large.")
    um = (main.pixel_width_um, main.pixel_height_um)
    facts = SlideFacts(Vendor.HAMAMATSU, *um, main.lens, main.icc_profile)
    streams = [_stream(source, page) for page in scanned]
    if not joinable(streams[0].head, main.width):
        return DecodePlan(facts, Region(0, 0, main.width, main.height))
    levels = [stream for stream in streams if joinable(stream.head, stream.width)]
    return JoinPlan(facts, tuple(JoinedLevel(one.width, one.height, (one,)) for one in levels))


def _scanned(source: RangedSource) -> list[_Page]:
    """Return the pages of the one focal plane, from large to small."""
    scanned = sorted((page for page in _pages(source) if page.lens > 0), key=lambda page: -page.width)
    if not scanned:
        raise UnreadableImage("The slide has no page of full resolution.")
    if any(page.compression != Compression.JPEG for page in scanned):
        raise UnreadableImage(
            "The slide is not compressed as JPEG, as fluorescence of 16 bits is, which is not supported yet."
        )
    refuse_focal_planes(len({page.focus for page in scanned}))
    refuse_alike([(page.width, page.height) for page in scanned])
    return scanned


def _pages(source: RangedSource) -> Iterator[_Page]:
    reader, offset, seen = BoundedReader(source), first_directory(source), set[int]()
    while offset:
        if offset in seen or len(seen) >= MAX_PAGES:
            raise UnreadableImage("The slide's directories run in a circle, or are too many.")
        seen.add(offset)
        tags, offset = read_tags(reader, NDPI, offset)
        yield _page(tags, source.size_bytes)


def _page(tags: Tags, size_bytes: int) -> _Page:
    start, length = tags.number(_OFFSET, 0), tags.number(_LENGTH, 0)
    width, height = tags.number(_WIDTH, 0), tags.number(_HEIGHT, 0)
    if not (width and height and length) or start + length > size_bytes:
        raise UnreadableImage("A page of the slide lies outside the file, or does not say how large it is.")
    lens = tags.real(_LENS)
    if lens is None or math.isnan(lens):
        raise UnreadableImage("A page of the slide does not say whether it is the scan.")
    unit = _UNIT_UM.get(tags.number(_UNIT, 1))
    across, down = (tags.rational(tag) for tag in (_X_RESOLUTION, _Y_RESOLUTION))
    return _Page(
        width=width,
        height=height,
        start=start,
        end=start + length,
        lens=lens,
        focus=tags.data(_FOCUS)[:4],
        compression=tags.number(_COMPRESSION, Compression.JPEG),
        pixel_width_um=unit / across if unit and across else None,
        pixel_height_um=unit / down if unit and down else None,
        icc_profile=tags.data(_ICC_PROFILE, at_most=MAX_LARGE_TAG_BYTES),
    )


def _stream(source: RangedSource, page: _Page) -> IntervalStream:
    head = read_head(source, page.start, page.end)
    return IntervalStream(source, page.start, page.end, head, page.width, page.height)
