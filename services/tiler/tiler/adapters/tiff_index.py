"""Building the tile index of a TIFF pyramid from a ranged source; done once, when the image arrives."""

from tiler.adapters.jpeg_tiles import with_true_colours
from tiler.adapters.overview import read_overview
from tiler.adapters.rendering import robust_window
from tiler.adapters.tiff_directory import read_pages
from tiler.domain.pyramid import pyramid_pages, require_tiles
from tiler.domain.ranged_source import RangedSource
from tiler.domain.slide_traits import SlideTraits
from tiler.domain.tile_index import TileIndex


def build_index(source: RangedSource) -> TileIndex:
    """Read the directories of a pyramidal tiled TIFF; pixels only if their values need a display window, or their colours are doubtful.

    Raises
    ------
    UnreadableImage
        The file is no tiled TIFF, is damaged or hostile, or its pixels are of a kind that cannot be shown.
    """
    pages = pyramid_pages(read_pages(source))
    for page in pages:
        require_tiles(page)
    levels = tuple(with_true_colours(source, page.as_level()) for page in pages)
    shown_as_is = levels[-1].encoding.is_eight_bit
    return TileIndex(
        source_size_bytes=source.size_bytes,
        levels=levels,
        pixel_width_um=pages[0].pixel_width_um,
        pixel_height_um=pages[0].pixel_height_um,
        window=None if shown_as_is else robust_window(read_overview(source, levels[-1])),
        icc_profile=pages[0].icc_profile,
        slide=SlideTraits.of_description(pages[0].description),
    )
