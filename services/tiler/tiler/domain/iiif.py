"""The parameters of a IIIF image request (https://iiif.io/api/image/3.0/): what to cut out, how large, how turned."""

import re
from dataclasses import dataclass
from fractions import Fraction

from archive_shared.errors import Invalid
from tiler.domain.region import Region

MAX_AREA = 16_000_000
"""Pixels of one answer; clients are told, and asked for more than that get the largest that fits."""

MAX_SIDE = 65_500
"""Pixels along a side of one answer; those of a JPEG cannot be longer."""

_FORMATS = {"jpg": "image/jpeg", "png": "image/png"}
_QUALITIES = ("default", "color", "gray", "bitonal")
_NUMBER = re.compile(
    r"\d{1,9}(\.\d{1,20})?", re.ASCII
)  # as many digits as programs write of a double, 33.333333333333336
_WHOLE = re.compile(r"\d{1,9}", re.ASCII)
_ROTATIONS = ("0", "90", "180", "270")


@dataclass(frozen=True)
class Crop:
    """A part of an image, scaled, mirrored, turned clockwise and coloured, in this order.

    Parameters
    ----------
    region
        In pixels of the full resolution.
    width, height
        Of the result before it is turned.
    rotation
        0, 90, 180 or 270 degrees.
    quality
        "default", "color", "gray" or "bitonal".
    in_srgb
        Whether the image's colour profile is applied; otherwise colours are what is stored, as in tiles.
    """

    region: Region
    width: int
    height: int
    rotation: int
    mirrored: bool
    quality: str
    content_type: str
    in_srgb: bool = False


@dataclass(frozen=True)
class ImageRequest:
    """The five parameters as the client wrote them."""

    region: str
    size: str
    rotation: str
    quality: str
    format: str

    def resolved(self, width: int, height: int) -> Crop:
        """Return what is asked for of an image of this size.

        Raises
        ------
        Invalid
            A parameter is malformed, the region lies outside the image, or enlarging was not asked for with "^".
        """
        region = _region(self.region, width, height)
        mirrored, rotation = self.rotation.startswith("!"), self.rotation.removeprefix("!")
        if rotation not in _ROTATIONS:
            raise Invalid({"rotation": ["Must be 0, 90, 180 or 270."]})
        if self.quality not in _QUALITIES:
            raise Invalid({"quality": ["Must be default, color, gray or bitonal."]})
        if self.format not in _FORMATS:
            raise Invalid({"format": ["Must be jpg or png."]})
        size = _size(self.size, region)
        return Crop(region, *size, int(rotation), mirrored, self.quality, _FORMATS[self.format])


def _region(text: str, width: int, height: int) -> Region:
    if text == "full":
        return Region(0, 0, width, height)
    if text == "square":
        side = min(width, height)
        return Region((width - side) // 2, (height - side) // 2, side, side)
    numbers = _numbers(text.removeprefix("pct:"), 4, "region", whole=not text.startswith("pct:"))
    if text.startswith("pct:"):
        numbers = [number * length / 100 for number, length in zip(numbers, (width, height) * 2, strict=True)]
    left, top, across, down = numbers
    if not (across and down) or left >= width or top >= height:
        raise Invalid({"region": ["Is empty, or lies outside the image."]})
    x, y = min(round(left), width - 1), min(round(top), height - 1)
    return Region(x, y, min(max(1, round(across)), width - x), min(max(1, round(down)), height - y))


def _size(text: str, region: Region) -> tuple[int, int]:
    enlarging, wanted = text.startswith("^"), text.removeprefix("^")
    width, height = _wanted_size(wanted, region, enlarging=enlarging)
    if not enlarging and (width > region.width or height > region.height):
        raise Invalid({"size": ['Is larger than the region; "^" asks for enlarging.']})
    if width < 1 or height < 1:
        raise Invalid({"size": ["Is empty."]})
    if not may_be_asked_for(width, height):
        raise Invalid({"size": [f"Has more than {MAX_AREA} pixels, or more than {MAX_SIDE} along a side."]})
    return width, height


def _wanted_size(text: str, region: Region, *, enlarging: bool) -> tuple[int, int]:
    if text == "max":
        return _largest_size(region, enlarging=enlarging)
    if text.startswith("pct:"):
        (percent,) = _numbers(text.removeprefix("pct:"), 1, "size", whole=False)
        return round(region.width * percent / 100), round(region.height * percent / 100)
    if text.startswith("!"):
        across, down = _numbers(text.removeprefix("!"), 2, "size", whole=True)
        # A box larger than the region counts as a wish to enlarge: the consortium's validator insists on that.
        if not (across and down):
            return 0, 0
        scale = min(across / region.width, down / region.height)
        width, height = max(1, round(region.width * scale)), max(1, round(region.height * scale))
        return (width, height) if may_be_asked_for(width, height) else _largest_size(region, enlarging=True)
    return _sides(text, region)


def _sides(text: str, region: Region) -> tuple[int, int]:
    """Return "w,h", or "w," and ",h" with the other side in proportion."""
    across, comma, down = text.partition(",")
    if not comma or not (across or down):
        raise Invalid({"size": ["Is malformed."]})
    width, height = (
        int(_numbers(side, 1, "size", whole=True)[0]) if side else None for side in (across, down)
    )
    if width is None:
        width = max(1, round(Fraction(region.width * (height or 0), region.height)))
    if height is None:
        height = max(1, round(Fraction(region.height * width, region.width)))
    return width, height


def may_be_asked_for(width: int, height: int) -> bool:
    """Whether one answer may be as large as that."""
    return width * height <= MAX_AREA and max(width, height) <= MAX_SIDE


def _largest_size(region: Region, *, enlarging: bool) -> tuple[int, int]:
    """Return the size itself if it may be asked for, or the largest of the same shape; that always if enlarging."""
    width, height = region.width, region.height
    if not enlarging and may_be_asked_for(width, height):
        return width, height
    scale = min((MAX_AREA / (width * height)) ** 0.5, MAX_SIDE / max(width, height))
    return max(1, int(width * scale)), max(1, int(height * scale))


def _numbers(text: str, count: int, name: str, *, whole: bool) -> list[Fraction]:
    parts = text.split(",")
    pattern = _WHOLE if whole else _NUMBER
    if len(parts) != count or not all(pattern.fullmatch(part) for part in parts):
        raise Invalid({name: ["Is malformed."]})
    return [Fraction(part) for part in parts]
