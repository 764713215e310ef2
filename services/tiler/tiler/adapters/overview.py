"""A whole level at the size of a screen, reduced tile by tile; the ground of previews, display windows and coarse views."""

from dataclasses import replace
from functools import partial
from io import BytesIO

from PIL import Image

from tiler.adapters.pictures import encode
from tiler.adapters.region_reader import read_region
from tiler.adapters.rendering import windowed
from tiler.adapters.tile_codec import Pixels
from tiler.domain.level import Level
from tiler.domain.limits import MAX_PREVIEW_PIXELS, MAX_PREVIEW_TILES, MAX_TILES
from tiler.domain.picture import JPEG
from tiler.domain.problems import UnreadableImage
from tiler.domain.ranged_source import RangedSource
from tiler.domain.region import Region
from tiler.domain.tile_index import TileIndex

OVERVIEW_PX = 512
"""A reduced level keeps at least this many pixels, and less than twice as many, on its longer side."""

_WHITE = 255


def read_overview(source: RangedSource, level: Level) -> Pixels:
    """Return the whole level, reduced by the power of two that leaves `OVERVIEW_PX`.

    Of a level that is too large to be decoded as a whole, tiles are left out, and fewer pixels remain. Damaged tiles of slides
    are white, as in levels that are added: one of many thousands says little about the others.

    Raises
    ------
    UnreadableImage
        A tile is damaged, and it is no slide, or the others show nothing.
    """
    whole = Region(0, 0, level.width, level.height)
    read = partial(read_region, source, level, whole, reduction=_reduction(level), at_most_tiles=MAX_TILES)
    try:
        return read()
    except UnreadableImage:
        if not level.encoding.is_jpeg or (overview := read(damaged_are_blank=True)).min() == _WHITE:
            raise
        return overview


def with_overview(index: TileIndex, overview: Pixels) -> TileIndex:
    """Return the index with a picture to make coarse views from, until there are levels for that."""
    shown = windowed(overview, index.window) if index.window else overview
    return replace(index, overview=encode(shown, index.content_type).body)


def view_of_overview(
    index: TileIndex, box: tuple[float, float, float, float], size: tuple[int, int], *, enlarging: bool
) -> Image.Image | None:
    """Return a part of the image, None if there is no overview of it.

    Parameters
    ----------
    box
        Left, top, right and bottom in pixels of the full resolution.
    size
        Width and height of the result.
    enlarging
        Whether it may be less sharp than its size lets expect: right for people who look, wrong for programs that measure.
    """
    if not index.overview:
        return None
    with Image.open(BytesIO(index.overview), formats=("JPEG", "PNG")) as overview:
        across, down = overview.width / index.width, overview.height / index.height
        left, right = box[0] * across, min(box[2], index.width) * across
        top, bottom = box[1] * down, min(box[3], index.height) * down
        if not enlarging and (size[0] > right - left + 1 or size[1] > bottom - top + 1):
            return None
        how = Image.Resampling.BICUBIC if index.content_type == JPEG else Image.Resampling.NEAREST
        return overview.resize(size, how, box=(left, top, right, bottom))


def _reduction(level: Level) -> int:
    longest = max(level.width, level.height)
    reduction = 1 << max(0, (longest // OVERVIEW_PX).bit_length() - 1)
    most = min(MAX_PREVIEW_TILES, max(1, MAX_PREVIEW_PIXELS // (level.tile_width * level.tile_height)))
    while _decoded_tiles(level, reduction) > most:
        reduction *= 2
    return reduction


def _decoded_tiles(level: Level, reduction: int) -> int:
    """Count the tiles that hold a pixel of the result; a great reduction steps over others."""
    across, down = -(-level.width // reduction), -(-level.height // reduction)
    return min(level.columns, across) * min(level.rows, down)
