"""What the tiler says about a pyramid, as JSON."""

from tiler.domain.deep_zoom import DeepZoom
from tiler.domain.tile_index import TileIndex


def description(index: TileIndex) -> dict[str, object]:
    """Return sizes in pixels, pixels in micrometres, and the levels that are stored."""
    zoom = DeepZoom.of(index)
    return {
        "width": index.width,
        "height": index.height,
        "tile_size": zoom.tile_size,
        "format": zoom.format,
        "zoom_levels": zoom.zoom_levels,
        "pixel_width_um": index.pixel_width_um,
        "pixel_height_um": index.pixel_height_um,
        "levels": [
            {"width": level.width, "height": level.height, "downsample": index.downsample(number)}
            for number, level in enumerate(index.levels)
        ],
    }
