"""Any rectangle of a pyramid at any size: read from the smallest level that is fine enough, then scaled."""

import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO

from PIL import Image

from archive_shared.errors import Unavailable
from tiler.adapters.colours import in_srgb
from tiler.adapters.overview import view_of_overview
from tiler.adapters.pictures import as_image
from tiler.adapters.region_reader import read_region
from tiler.adapters.rendering import windowed
from tiler.domain.iiif import Crop
from tiler.domain.level import Level
from tiler.domain.picture import JPEG, Picture
from tiler.domain.problems import NoLevelSmallEnough
from tiler.domain.ranged_source import RangedSource
from tiler.domain.region import Region
from tiler.domain.tile_index import TileIndex

_LARGE_PIXELS = 1 << 23
"""From so many on, read or written, a part is large; those that viewers ask for as tiles are not."""

_AT_ONCE = threading.BoundedSemaphore(2)
"""Decoding a large part takes seconds and some hundred megabytes."""

_PLACES = threading.BoundedSemaphore(4)
"""Large parts that are made or wait for it; each holds a thread of the server, and tiles need some too."""

_MOST_TILES = 4096
_QUALITY = 90
_ROUNDING = 1e-6
_TURNS = {90: Image.Transpose.ROTATE_270, 180: Image.Transpose.ROTATE_180, 270: Image.Transpose.ROTATE_90}


def read_crop(source: RangedSource, index: TileIndex, crop: Crop) -> Picture:
    """Decode, scale and encode a part of the image.

    Raises
    ------
    UnreadableImage
        A tile is damaged, or the image lacks levels small enough to make such a small picture from.
    Unavailable
        The part is large, and so are several others that are being made.
    """
    plan = _Plan.of(index, crop)
    if not plan.is_large:
        return _made(source, index, crop, plan)
    with _place():
        return _made(source, index, crop, plan)


@dataclass(frozen=True)
class _Plan:
    """What of which level is read, reduced by how much, and which part of that is shown: left, top, right and bottom."""

    level: Level
    region: Region
    reduction: int
    box: tuple[float, float, float, float]
    is_large: bool

    @classmethod
    def of(cls, index: TileIndex, crop: Crop) -> "_Plan":
        region = crop.region
        shrink = max(1.0, min(region.width / crop.width, region.height / crop.height))
        number = max(
            number
            for number in range(len(index.levels))
            if index.downsample(number) <= shrink * (1 + _ROUNDING)
        )
        level = index.levels[number]
        across, down = index.width / level.width, index.height / level.height
        reduction = 1 << max(0, math.floor(math.log2(shrink / max(across, down)) + _ROUNDING))
        left, top = region.x / across, region.y / down
        right, bottom = (region.x + region.width) / across, (region.y + region.height) / down
        x, y = (math.floor(start / reduction) * reduction for start in (left, top))
        wanted = Region(
            x, y, min(math.ceil(right), level.width) - x, min(math.ceil(bottom), level.height) - y
        )
        box = (
            (left - x) / reduction,
            (top - y) / reduction,
            (right - x) / reduction,
            (bottom - y) / reduction,
        )
        pixels = max(wanted.width * wanted.height, crop.width * crop.height)
        return cls(level, wanted, reduction, box, is_large=pixels > _LARGE_PIXELS)


@contextmanager
def _place() -> Iterator[None]:
    """Wait for one's turn to make a large part, or raise `Unavailable` where too many wait already."""
    if not _PLACES.acquire(blocking=False):
        raise Unavailable("Too many large parts of images are being made; ask again.")
    try:
        with _AT_ONCE:
            yield
    finally:
        _PLACES.release()


def _made(source: RangedSource, index: TileIndex, crop: Crop, plan: _Plan) -> Picture:
    image = _scaled_or_seen_from_afar(source, index, crop, plan)
    if crop.in_srgb and index.window is None:
        image = in_srgb(image, index.icc_profile)
    return _encoded(_coloured(_turned(image, crop), crop.quality), crop.content_type)


def _scaled_or_seen_from_afar(source: RangedSource, index: TileIndex, crop: Crop, plan: _Plan) -> Image.Image:
    try:
        return _scaled(source, index, crop, plan)
    except NoLevelSmallEnough:
        view = view_of_overview(index, crop.region.scaled(1), (crop.width, crop.height), enlarging=False)
        if view is None:
            raise
        return view


def _scaled(source: RangedSource, index: TileIndex, crop: Crop, plan: _Plan) -> Image.Image:
    pixels = read_region(source, plan.level, plan.region, reduction=plan.reduction, at_most_tiles=_MOST_TILES)
    image = as_image(windowed(pixels, index.window) if index.window else pixels)
    left, top, right, bottom = plan.box
    inside = (left, top, min(right, image.width), min(bottom, image.height))
    how = Image.Resampling.LANCZOS if index.content_type == JPEG else Image.Resampling.NEAREST
    return image.resize((crop.width, crop.height), how, box=inside)


def _turned(image: Image.Image, crop: Crop) -> Image.Image:
    if crop.mirrored:
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    return image.transpose(_TURNS[crop.rotation]) if crop.rotation else image


def _coloured(image: Image.Image, quality: str) -> Image.Image:
    mode = {"gray": "L", "bitonal": "1"}.get(quality)
    return image.convert(mode) if mode else image


def _encoded(image: Image.Image, content_type: str) -> Picture:
    body = BytesIO()
    if content_type == JPEG:
        image.convert("L" if image.mode == "1" else image.mode).save(
            body, "JPEG", quality=_QUALITY, subsampling=0
        )
    else:
        image.save(body, "PNG")
    return Picture(content_type, body.getvalue())
