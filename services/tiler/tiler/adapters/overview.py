"""A whole level at the size of a screen, reduced tile by tile; the ground of previews and display windows."""

from tiler.adapters.region_reader import read_region
from tiler.adapters.tile_codec import Pixels
from tiler.domain.level import Level
from tiler.domain.limits import MAX_PREVIEW_PIXELS, MAX_PREVIEW_TILES
from tiler.domain.problems import UnreadableImage
from tiler.domain.ranged_source import RangedSource
from tiler.domain.region import Region

OVERVIEW_PX = 512
"""A reduced level keeps at least this many pixels, and less than twice as many, on its longer side."""


def read_overview(source: RangedSource, level: Level) -> Pixels:
    """Return the whole level, reduced by the power of two that leaves `OVERVIEW_PX`.

    Raises
    ------
    UnreadableImage
        The level is too large to be decoded as a whole, or a tile is damaged.
    """
    if level.width * level.height > MAX_PREVIEW_PIXELS:
        raise UnreadableImage("The image is too large to be shown without smaller levels.")
    longest = max(level.width, level.height)
    reduction = 1 << max(0, (longest // OVERVIEW_PX).bit_length() - 1)
    whole = Region(0, 0, level.width, level.height)
    return read_region(source, level, whole, reduction=reduction, at_most_tiles=MAX_PREVIEW_TILES)
