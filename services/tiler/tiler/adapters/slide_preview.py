"""The preview of a TIFF image: its smallest level that is large enough, with tiles or with strips."""

from collections.abc import Sequence
from typing import TypeVar

from tiler.adapters.overview import OVERVIEW_PX, read_overview
from tiler.adapters.pictures import preview_of, size_on_screen
from tiler.adapters.rendering import render
from tiler.adapters.tiff_directory import read_pages
from tiler.adapters.tile_codec import Pixels
from tiler.domain.level import Level
from tiler.domain.picture import Picture
from tiler.domain.pyramid import pyramid_pages
from tiler.domain.ranged_source import RangedSource
from tiler.domain.tiff_page import TiffPage
from tiler.domain.tile_index import TileIndex

Resolution = TypeVar("Resolution", TiffPage, Level)


def slide_preview(source: RangedSource, *, longest_px: int) -> Picture:
    """Return the whole slide; see `preview` for errors."""
    pages = pyramid_pages(read_pages(source))
    overview = read_overview(source, smallest_enough(pages).as_level())
    return preview_of_overview(pages[0], overview, longest_px=longest_px)


def preview_of_overview(image: TiffPage | TileIndex, overview: Pixels, *, longest_px: int) -> Picture:
    """Return the preview of a slide whose overview was read."""
    rendered = render(overview, window=None, is_photograph=True)
    pixel_size = (image.pixel_width_um or 1.0, image.pixel_height_um or 1.0)
    size = size_on_screen((image.width, image.height), pixel_size, longest_px=longest_px)
    return preview_of(rendered, size, profile=image.icc_profile)


def smallest_enough(levels: Sequence[Resolution]) -> Resolution:
    """Return which of the levels of an image, from large to small, an overview is made from."""
    enough = [level for level in levels if max(level.width, level.height) >= OVERVIEW_PX]
    return enough[-1] if enough else levels[0]
