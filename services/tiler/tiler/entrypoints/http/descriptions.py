"""What the tiler says about pyramids and volumes, as JSON."""

from tiler.domain.deep_zoom import DeepZoom
from tiler.domain.planes import Plane
from tiler.domain.slide_traits import SlideTraits, bounds_of
from tiler.domain.tile_index import DisplayWindow, TileIndex
from tiler.domain.volume import VolumeShape


def description(index: TileIndex) -> dict[str, object]:
    """Return sizes in pixels, pixels in micrometres, the levels that are stored, and what is known of the slide."""
    zoom, slide = DeepZoom.of(index), index.slide or SlideTraits()
    return {
        "width": index.width,
        "height": index.height,
        "tile_size": zoom.tile_size,
        "format": zoom.format,
        "zoom_levels": zoom.zoom_levels,
        "pixel_width_um": index.pixel_width_um,
        "pixel_height_um": index.pixel_height_um,
        "magnification": slide.magnification,
        "vendor": slide.vendor or None,
        "route": slide.route or None,
        "background": f"#{slide.background.lower()}" if slide.background else None,
        "bounds": bounds_of(slide.origin_px, (index.width, index.height)),
        "icc_profile": bool(index.icc_profile),
        "levels": [
            {"width": level.width, "height": level.height, "downsample": index.downsample(number)}
            for number, level in enumerate(index.levels)
        ],
    }


def volume_description(shape: VolumeShape, slices: str) -> dict[str, object]:
    """Return sizes in voxels, spacings in millimetres, how it is shown, and where its slices are."""
    return {
        "size": shape.size,
        "spacing_mm": shape.spacing_mm,
        "times": shape.times,
        "channels": shape.channels,
        "labels": shape.is_labels,
        "window": _window(shape.window) if shape.window else None,
        "format": shape.format,
        "planes": [_plane(plane) for plane in shape.planes],
        "slices": slices,
    }


def _plane(plane: Plane) -> dict[str, object]:
    return {
        "axis": plane.axis,
        "name": plane.name,
        "count": plane.count,
        "width": plane.width,
        "height": plane.height,
        "pixel_width_mm": plane.pixel_size_mm[0],
        "pixel_height_mm": plane.pixel_size_mm[1],
        "towards": plane.towards,
    }


def _window(window: DisplayWindow) -> dict[str, float]:
    return {"center": (window.low + window.high) / 2, "width": window.high - window.low}
