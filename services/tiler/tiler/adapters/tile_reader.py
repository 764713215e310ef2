"""Single tiles of an indexed image, as stored wherever a browser can show them; called for every tile request."""

import numpy as np

from tiler.adapters import jpeg_pixels, jpeg_tiles
from tiler.adapters.overview import view_of_overview
from tiler.adapters.pictures import encode
from tiler.adapters.region_reader import read_region
from tiler.adapters.rendering import windowed
from tiler.adapters.tile_bytes import read_stored
from tiler.adapters.tile_codec import Pixels
from tiler.domain.deep_zoom import DeepZoom, StoredRegion, stored_region
from tiler.domain.level import Level
from tiler.domain.picture import JPEG, Picture
from tiler.domain.problems import NoLevelSmallEnough, UnreadableImage
from tiler.domain.ranged_source import RangedSource
from tiler.domain.region import Region
from tiler.domain.tile_index import TileIndex


def read_tile(source: RangedSource, index: TileIndex, level: int, column: int, row: int) -> Picture:
    """Return a stored tile; tiles at the right and bottom edge keep their padding.

    JPEG tiles cost one ranged read and no decoding.

    Raises
    ------
    NoSuchTile
        The level or tile does not exist.
    UnreadableImage
        The tile is damaged, or the source is not the object that was indexed.
    """
    _require_same(source, index)
    found = index.level(level)
    found.require(level, column, row)
    if _is_passed_on(index, found, column, row):
        return Picture(JPEG, _complete_tile(source, found, column, row))
    width, height = found.stored_size(column, row)
    region = Region(column * found.tile_width, row * found.tile_height, width, height)
    return _rendered(index, read_region(source, found, region))


def read_deep_zoom_tile(source: RangedSource, index: TileIndex, level: int, column: int, row: int) -> Picture:
    """Return a tile of the Deep Zoom view: stored, cut at the edge, or made from the next finer stored level.

    Raises
    ------
    NoSuchTile
        The level or tile does not exist.
    UnreadableImage
        The tile is damaged, or the image has no level small enough to make it from.
    """
    _require_same(source, index)
    wanted = stored_region(index, DeepZoom.of(index), level, column, row)
    stored = index.levels[wanted.level]
    at = _coinciding_tile(stored, wanted)
    if at is None or not _is_passed_on(index, stored, *at):
        return _made(source, index, wanted)
    tile = read_tile(source, index, wanted.level, *at)
    size = (wanted.region.width, wanted.region.height)
    return tile if size == stored.stored_size(*at) else Picture(JPEG, jpeg_pixels.crop(tile.body, *size))


def read_zoom_tile(source: RangedSource, index: TileIndex, z: int, x: int, y: int) -> Picture:
    """Return a tile of the z/x/y view, where z 0 shows the whole image in one tile; errors as for Deep Zoom."""
    return read_deep_zoom_tile(source, index, DeepZoom.of(index).level_of_zoom(z), x, y)


def _made(source: RangedSource, index: TileIndex, wanted: StoredRegion) -> Picture:
    """Return what no stored tile shows: from the next finer level or, where that would take too long, from the overview."""
    try:
        pixels = read_region(source, index.levels[wanted.level], wanted.region, reduction=wanted.reduction)
    except NoLevelSmallEnough:
        region, by = wanted.region, wanted.reduction
        size = (region.width // by, region.height // by)
        view = view_of_overview(index, region.scaled(index.downsample(wanted.level)), size, enlarging=True)
        if view is None:
            raise
        return encode(np.asarray(view), index.content_type)
    return _rendered(index, pixels)


def _require_same(source: RangedSource, index: TileIndex) -> None:
    if source.size_bytes != index.source_size_bytes:
        raise UnreadableImage("The image is not the one that was indexed.")


def _is_passed_on(index: TileIndex, level: Level, column: int, row: int) -> bool:
    return (
        level.encoding.is_shown_by_browsers
        and index.content_type == JPEG
        and level.locate(column, row).length > 0
    )


def _complete_tile(source: RangedSource, level: Level, column: int, row: int) -> bytes:
    stored = read_stored(source, level.locate(column, row))
    return jpeg_tiles.complete(level.encoding, stored, *level.stored_size(column, row))


def _coinciding_tile(level: Level, wanted: StoredRegion) -> tuple[int, int] | None:
    """Return the stored tile whose visible part is exactly what is wanted."""
    region = wanted.region
    column, row = region.x // level.tile_width, region.y // level.tile_height
    if wanted.reduction > 1 or not level.has(column, row):
        return None
    visible = Region(column * level.tile_width, row * level.tile_height, *level.visible_size(column, row))
    return (column, row) if visible == region else None


def _rendered(index: TileIndex, pixels: Pixels) -> Picture:
    shown = windowed(pixels, index.window) if index.window else pixels
    return encode(shown, index.content_type)
