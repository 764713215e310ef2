"""The z/x/y tiles of one image, with everything looked up beforehand that is the same for all of them.

Most tiles of a slide are stored tiles in full: these cost one ranged read and joining two pieces of bytes.
"""

from dataclasses import dataclass

from tiler.adapters.bounded_reader import read_exactly
from tiler.adapters.jpeg_tiles import Completer
from tiler.adapters.tile_reader import read_zoom_tile
from tiler.domain.deep_zoom import DeepZoom
from tiler.domain.level import Level
from tiler.domain.limits import MAX_TILE_BYTES
from tiler.domain.picture import JPEG, Picture
from tiler.domain.problems import UnreadableImage
from tiler.domain.ranged_source import RangedSource
from tiler.domain.tile_index import TileIndex


@dataclass(frozen=True)
class _StoredZoom:
    """A zoom level that is stored as it is; columns and rows count the tiles that reach no edge."""

    level: Level
    columns: int
    rows: int
    completer: Completer

    def location(self, x: int, y: int) -> tuple[int, int]:
        """Return start and length of a stored tile; a length of 0 stands for every other tile."""
        if not (0 <= x < self.columns and 0 <= y < self.rows):
            return 0, 0
        at = y * self.level.columns + x
        return self.level.offsets[at], self.level.lengths[at]


class QuickTiles:
    """Thread-safe; as immutable as its index."""

    def __init__(self, index: TileIndex) -> None:
        self._index = index
        self._zoom = DeepZoom.of(index)
        self._stored = [self._find(z) for z in range(self._zoom.zoom_levels)]

    def read(self, source: RangedSource, z: int, x: int, y: int) -> Picture:
        """Return what `read_zoom_tile` does, and raise what it raises."""
        stored = self._stored[z] if 0 <= z < len(self._stored) else None
        start, length = stored.location(x, y) if stored is not None else (0, 0)
        if stored is None or not 0 < length <= MAX_TILE_BYTES:
            return read_zoom_tile(source, self._index, z, x, y)
        if source.size_bytes != self._index.source_size_bytes:
            raise UnreadableImage("The image is not the one that was indexed.")
        return Picture(JPEG, stored.completer.complete(read_exactly(source, start, start + length)))

    def _find(self, z: int) -> _StoredZoom | None:
        scale = self._zoom.zoom_levels - 1 - z
        side = self._zoom.tile_size
        for found, level in zip(self._index.scales, self._index.levels, strict=True):
            if (
                found == scale
                and (level.tile_width, level.tile_height) == (side, side)
                and self._is_passed_on(level)
            ):
                return _StoredZoom(level, *self._whole_tiles(z, level), Completer(level.encoding, side, side))
        return None

    def _is_passed_on(self, level: Level) -> bool:
        return level.padded and level.encoding.is_shown_by_browsers and self._index.content_type == JPEG

    def _whole_tiles(self, z: int, level: Level) -> tuple[int, int]:
        """Count tiles that neither the view nor the stored level cuts; they may differ by rounding."""
        width, height = self._zoom.size(self._zoom.level_of_zoom(z))
        side = self._zoom.tile_size
        return min(width, level.width) // side, min(height, level.height) // side
