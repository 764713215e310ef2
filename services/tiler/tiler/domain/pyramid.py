"""Which pages of a TIFF file are the image at lower resolution, and which are something else.

Slide files also carry a picture of the glass (macro), of its label and a thumbnail. The label often shows a
patient's name, so a page counts as a level only if it clearly is a smaller version of the first page.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import chain

from tiler.domain.limits import MAX_TILE_BYTES
from tiler.domain.problems import UnreadableImage
from tiler.domain.tiff_page import TiffPage

_ROUNDING_PX = 2  # halving repeatedly may round up or down at every step
_MIN_STEP = 4 / 3  # smaller steps are other pictures of about the same size, such as focal planes
_ASSOCIATED = re.compile(r"(?<![a-z])(label|macro|overview|thumbnail)(?![a-z])", re.IGNORECASE)
_GLASS = re.compile(r"^[ \t]*(label|macro)([ _]image|[ \t]+\d+x\d+)", re.IGNORECASE | re.MULTILINE)
_LEICA = (
    "<scn",
    "leica-microsystems.com/scn",
)  # programs that convert such slides quote them, without brackets
_PADDED = "DPUfsImport"  # levels of Philips are filled up to whole tiles, so their aspects differ
_LEAST_AREA_RATIO = 16
_MAX_TILE_SIDE = 8192


def is_of_leica(main: TiffPage) -> bool:
    """Whether the first page is that of Leica's SCN: its description tells of all others, and it shows the macro."""
    return all(mark in main.description for mark in _LEICA)


def pyramid_pages(pages: Sequence[TiffPage]) -> list[TiffPage]:
    """Return the first page and its reduced versions, from large to small.

    Raises
    ------
    UnreadableImage
        The first page is not the image itself.
    """
    main = pages[0]
    _require_image(main)
    found = [main]
    for page in _candidates(pages):
        if _is_reduced_version(page, of=main) and _longer_side(page) * _MIN_STEP <= _longer_side(found[-1]):
            found.append(page)
    return found


def require_tiles(main: TiffPage) -> None:
    """Raise `UnreadableImage` unless single tiles of the page can be served."""
    if not main.tiled:
        raise UnreadableImage("The image has no tiles; it must be stored as a tiled pyramid.")
    if max(main.segment_width, main.segment_height) > _MAX_TILE_SIDE:
        raise UnreadableImage("The image's tiles are too large.")
    samples_bytes = max(1, main.encoding.bits_per_sample // 8) * main.encoding.samples_per_pixel
    if main.segment_width * main.segment_height * samples_bytes > MAX_TILE_BYTES:
        raise UnreadableImage("The image's tiles are too large.")


def require_one_image(pages: Sequence[TiffPage], levels: Sequence[TiffPage]) -> None:
    """Refuse what the levels alone would lose: other areas of the glass, channels, focal planes.

    Smaller pages that are neither a level nor named may be a thumbnail or a macro, and are left out.

    Raises
    ------
    UnreadableImage
        A page that is no level is as large as the first or larger, or is tiled and not much smaller.
    """
    main, kept = levels[0], {page.number for page in levels}
    others = (page for page in chain(pages, main.sub_pages) if page.number not in kept)
    if any(_is_another_image(page, main) for page in others):
        raise UnreadableImage(
            "The slide has several areas, channels or focal planes; only one of them is supported yet."
        )


def _is_another_image(page: TiffPage, main: TiffPage) -> bool:
    if (page.width, page.height) == (main.width, main.height):
        return not page.is_mask
    if page.is_mask or _is_associated(page) or _PADDED in main.description:
        return False
    area, whole = page.width * page.height, main.width * main.height
    return area > whole or (page.tiled and area * _LEAST_AREA_RATIO >= whole)


def _require_image(main: TiffPage) -> None:
    if _GLASS.search(main.description) or is_of_leica(main):
        raise UnreadableImage("The first page is a picture of the glass or its label, not the slide.")


def _candidates(pages: Sequence[TiffPage]) -> Iterator[TiffPage]:
    """Reduced versions hang below the first page in OME-TIFF and follow it everywhere else."""
    main = pages[0]
    ordered = main.sub_pages or pages[1:]
    yield from sorted(ordered, key=lambda page: -_longer_side(page))


def _longer_side(page: TiffPage) -> int:
    """Return the side that still tells levels apart where the other one cannot be halved any more."""
    return max(page.width, page.height)


def _is_reduced_version(page: TiffPage, *, of: TiffPage) -> bool:
    return (
        page.tiled
        and page.is_plain
        and not _is_associated(page)
        and _same_samples(page, of)
        and _same_aspect(page, of)
    )


def _is_associated(page: TiffPage) -> bool:
    return bool(_ASSOCIATED.search(page.description.replace("_", " ")))


def _same_samples(page: TiffPage, other: TiffPage) -> bool:
    """Compression and colour model may differ between levels, the kind of values may not."""
    ours, theirs = page.encoding, other.encoding
    return (ours.samples_per_pixel, ours.bits_per_sample, ours.sample_format, ours.is_colour) == (
        theirs.samples_per_pixel,
        theirs.bits_per_sample,
        theirs.sample_format,
        theirs.is_colour,
    )


def _same_aspect(page: TiffPage, other: TiffPage) -> bool:
    difference = abs(page.width * other.height - page.height * other.width)
    return difference <= _ROUNDING_PX * max(other.width, other.height)
