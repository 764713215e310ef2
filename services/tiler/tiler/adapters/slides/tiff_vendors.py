"""Plans for the TIFF files of scanners: which pages are the slide, and whether their tiles can be copied."""

import re
from collections.abc import Iterator, Sequence
from itertools import chain

from tiler.adapters.jpeg_tiles import with_true_colours
from tiler.adapters.tiff_description import APERIO, PHILIPS
from tiler.domain.level import Level
from tiler.domain.level_gaps import lacks_what_is_in
from tiler.domain.limits import MAX_SLIDE_PIXELS
from tiler.domain.problems import UnreadableImage
from tiler.domain.pyramid import is_of_leica, pyramid_pages, require_one_image
from tiler.domain.ranged_source import RangedSource
from tiler.domain.region import Region
from tiler.domain.scanner_numbers import positive_number
from tiler.domain.slide import (
    WHITE,
    CopyPlan,
    DecodePlan,
    Route,
    SlideFacts,
    SlidePlan,
    StoredLevel,
    Vendor,
    refuse_focal_planes,
)
from tiler.domain.slide_traits import SlideTraits
from tiler.domain.tiff_page import TiffPage

_VENTANA = "<iScan"
_LONGEST_GLASS_UM = 300_000.0
"""The largest glass is 20 cm long. Programs that know no size write one pixel for a centimetre, or the 72 for an inch of screens."""

_TRESTLE = "OverlapsXY="  # by how many pixels tiles overlap; OpenSlide knows how to place them
_MAGNIFICATION = re.compile(r"\|\s*AppMag\s*=\s*([0-9.,]{1,10})\s*(?:\||$)")


def plan_tiff(source: RangedSource, pages: Sequence[TiffPage]) -> SlidePlan:
    """Plan a TIFF file by what its pages say; see `plan_slide` for errors."""
    if is_of_leica(pages[0]):
        from tiler.adapters.slides import leica  # noqa: PLC0415 (XML; copying at full speed loads what it needs)

        return _plan(source, pages, *leica.read(pages))
    if PHILIPS in pages[0].description:
        from tiler.adapters.slides import philips  # noqa: PLC0415 (likewise)

        return _plan(source, pages, *philips.read(pages))
    if _TRESTLE in pages[0].description:
        return DecodePlan(SlideFacts(Vendor.TRESTLE), Region(0, 0, 0, 0))
    if _is_ventana(pages):
        from tiler.adapters.slides import ventana  # noqa: PLC0415 (likewise)

        found = ventana.read(pages)
        plan = _plan(source, pages, found.levels, found.facts)
        return _for_openslide(plan) if found.overlaps else plan
    levels = pyramid_pages(pages)
    require_one_image(pages, levels)
    return _plan(source, pages, levels, _facts(levels[0]))


def is_placed_by_text(pages: Sequence[TiffPage]) -> bool:
    """Whether a scanner's text says which pages are levels, or where tiles belong, so that directories alone mislead."""
    marked = any(mark in pages[0].description for mark in (PHILIPS, _TRESTLE))
    return marked or is_of_leica(pages[0]) or _is_ventana(pages)


def _is_ventana(pages: Sequence[TiffPage]) -> bool:
    return any(_VENTANA in page.xmp for page in pages[:3])


def _facts(main: TiffPage) -> SlideFacts:
    told = SlideTraits.of_description(main.description)
    return _scanned_facts(main) if told is None else _canonical_facts(main, told)


def _canonical_facts(main: TiffPage, told: SlideTraits) -> SlideFacts:
    """Return what was known of a slide when it was converted for the first time."""
    return SlideFacts(
        vendor=Vendor(told.vendor) if told.vendor in tuple(Vendor) else Vendor.GENERIC,
        pixel_width_um=main.pixel_width_um,
        pixel_height_um=main.pixel_height_um,
        magnification=told.magnification,
        icc_profile=main.icc_profile,
        origin_px=told.origin_px,
        background=_colour(told.background),
        first_route=Route(told.route) if told.route in tuple(Route) else None,
    )


def _colour(hexadecimal: str) -> tuple[int, int, int]:
    try:
        red, green, blue = bytes.fromhex(hexadecimal)
    except ValueError:
        return WHITE
    return red, green, blue


def _scanned_facts(main: TiffPage) -> SlideFacts:
    is_possible = max(main.width, main.height) * (main.pixel_width_um or 0) <= _LONGEST_GLASS_UM
    um = (main.pixel_width_um, main.pixel_height_um) if is_possible else (None, None)
    magnification = _MAGNIFICATION.search(main.description)
    return SlideFacts(
        vendor=Vendor.APERIO if main.description.startswith(APERIO) else Vendor.GENERIC,
        pixel_width_um=um[0],
        pixel_height_um=um[1],
        magnification=positive_number(magnification[1]) if magnification else None,
        icc_profile=main.icc_profile,
    )


def _plan(
    source: RangedSource, pages: Sequence[TiffPage], levels: Sequence[TiffPage], facts: SlideFacts
) -> SlidePlan:
    main = levels[0]
    refuse_focal_planes(1 + any(page.is_deep for page in levels))
    encoding = main.encoding
    encoding.require_readable()
    if not encoding.is_eight_bit:
        raise UnreadableImage("Only slides with 8 bits per colour are supported.")
    if encoding.has_further_channels:
        raise UnreadableImage("Slides with several channels are not supported yet.")
    if main.width * main.height > MAX_SLIDE_PIXELS:
        raise UnreadableImage("The slide is too large.")
    if not _can_be_copied(main):
        return DecodePlan(facts, Region(0, 0, main.width, main.height), _stored(source, main))
    first, *others = (_stored(source, page) for page in levels if _can_be_copied(page))
    stored = (first, *(one for one in others if not lacks_what_is_in(one.level, first.level)))
    return CopyPlan(facts, stored, tuple(_private(pages, levels)))


def _stored(source: RangedSource, page: TiffPage) -> StoredLevel:
    return StoredLevel(source, with_true_colours(source, page.as_level()))


def _for_openslide(plan: SlidePlan) -> DecodePlan:
    """Leave the placing of overlapping tiles to OpenSlide, which says how large the slide is then."""
    return DecodePlan(plan.facts, Region(0, 0, 0, 0))


def _can_be_copied(page: TiffPage) -> bool:
    return page.tiled and page.encoding.is_shown_by_browsers and _is_copied_grid(page.as_level())


def _is_copied_grid(level: Level) -> bool:
    """TIFF wants sides of tiles to be multiples of 16; the JPEG of smaller ones would not fit."""
    return level.tile_width % 16 == level.tile_height % 16 == 0


def _private(pages: Sequence[TiffPage], levels: Sequence[TiffPage]) -> Iterator[tuple[int, int]]:
    kept = {page.number for page in levels}
    for page in chain(pages, chain.from_iterable(page.sub_pages for page in pages)):
        if page.number not in kept:
            yield from (
                (start, start + length)
                for start, length in zip(page.offsets, page.lengths, strict=True)
                if length
            )
