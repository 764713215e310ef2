"""Pixels of slides that only OpenSlide can put together, read from several threads at once."""

import ctypes
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import openslide
from numpy.typing import NDArray
from openslide import lowlevel

from tiler.domain.limits import MAX_SLIDE_PIXELS, MIB
from tiler.domain.problems import UnreadableImage
from tiler.domain.region import Region
from tiler.domain.scanner_numbers import positive_number
from tiler.domain.slide import SlideFacts, refuse_fluorescence, refuse_focal_planes

_CACHE_BYTES = 32 * MIB
_OPAQUE = np.uint32(0xFF000000)
_OBJECTIVE, _BACKGROUND = openslide.PROPERTY_NAME_OBJECTIVE_POWER, openslide.PROPERTY_NAME_BACKGROUND_COLOR
_MOST_HIERARCHIES = 32
_NOT_OPENED = (
    "The slide cannot be opened: its files are damaged, incomplete, or of a kind that is not supported."
)
"""OpenSlide's own words quote the file and its name, which may be the patient's."""

_BOUNDS = (
    openslide.PROPERTY_NAME_BOUNDS_X,
    openslide.PROPERTY_NAME_BOUNDS_Y,
    openslide.PROPERTY_NAME_BOUNDS_WIDTH,
    openslide.PROPERTY_NAME_BOUNDS_HEIGHT,
)


@dataclass(frozen=True)
class OpenSlidePixels:
    """One opened slide; a context manager.

    Parameters
    ----------
    region
        What was scanned. Scanners that place it on a large empty canvas say where; corners of reads count from it.
    """

    slide: openslide.OpenSlide
    facts: SlideFacts
    region: Region

    @classmethod
    def open(cls, path: Path, facts: SlideFacts) -> Self:
        """Open the slide, and insist on the driver of its vendor: others may take a label for the slide.

        Raises
        ------
        UnreadableImage
            OpenSlide does not take it for what we do, or cannot open it.
        """
        try:
            vendor = openslide.OpenSlide.detect_format(path)
            if vendor != facts.vendor:
                raise UnreadableImage(
                    f"The slide's files are incomplete, or no {facts.vendor} slide after all."
                )
            slide = openslide.OpenSlide(path)
            slide.set_cache(openslide.OpenSlideCache(_CACHE_BYTES))
            region = _scanned(slide)
            return cls(slide, _completed(facts, slide, region), region)
        except (openslide.OpenSlideError, OSError) as problem:
            raise UnreadableImage(_NOT_OPENED) from problem

    def read(self, region: Region) -> NDArray[np.uint8] | None:
        """Return pixels of the full resolution, with the slide's background where nothing was scanned.

        Returns
        -------
        ndarray
            Shape (rows, columns, 4): blue, green, red and a byte without meaning. None if nothing was scanned at all.
        """
        packed = np.empty((region.height, region.width), np.uint32)
        target = packed.ctypes.data_as(ctypes.POINTER(ctypes.c_uint32))
        x, y = self.region.x + region.x, self.region.y + region.y
        try:
            lowlevel._read_region(self.slide._osr, target, x, y, 0, region.width, region.height)
        except openslide.OpenSlideError as problem:
            raise UnreadableImage(
                "The slide is damaged, or incomplete: its pixels cannot be read to the end."
            ) from problem
        if packed.min() < _OPAQUE:
            if not packed.any():
                return None
            _lay_over(packed, self.facts.background)
        return packed.view(np.uint8).reshape(region.height, region.width, 4)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.slide.close()


def _completed(facts: SlideFacts, slide: openslide.OpenSlide, scanned: Region) -> SlideFacts:
    properties = slide.properties
    refuse_fluorescence(properties.get("mirax.GENERAL.SLIDE_TYPE", ""))
    refuse_focal_planes(1 + any(_mirax_focal_planes(properties)))
    background = properties.get(_BACKGROUND)
    return SlideFacts(
        facts.vendor,
        pixel_width_um=_number(properties, openslide.PROPERTY_NAME_MPP_X) or facts.pixel_width_um,
        pixel_height_um=_number(properties, openslide.PROPERTY_NAME_MPP_Y) or facts.pixel_height_um,
        magnification=_number(properties, _OBJECTIVE) or facts.magnification,
        icc_profile=lowlevel.read_icc_profile(slide._osr) or facts.icc_profile,
        origin_px=(scanned.x, scanned.y) if all(name in properties for name in _BOUNDS) else facts.origin_px,
        background=_colour(background) if background else facts.background,
        first_route=facts.first_route,
    )


def _mirax_focal_planes(properties: Mapping[str, str]) -> Iterator[bool]:
    """Yield whether hierarchies in the settings of an MRXS are further planes; OpenSlide shows one of them."""
    for number in range(
        _MOST_HIERARCHIES
    ):  # by name: not all names that a damaged slide has can be asked for
        hierarchy = f"mirax.HIERARCHICAL.HIER_{number}"
        if "focus" in properties.get(f"{hierarchy}_NAME", "").lower():
            yield properties.get(f"{hierarchy}_COUNT", "1") not in ("0", "1")


def _colour(hexadecimal: str) -> tuple[int, int, int]:
    red, green, blue = bytes.fromhex(hexadecimal)
    return red, green, blue


def _number(properties: Mapping[str, str], name: str) -> float | None:
    return positive_number(properties.get(name, ""))


def _scanned(slide: openslide.OpenSlide) -> Region:
    bounds = [slide.properties.get(name) for name in _BOUNDS]
    x, y, width, height = (
        (int(value) for value in bounds if value) if all(bounds) else (0, 0, *slide.dimensions)
    )
    inside = 0 <= x < x + width <= slide.dimensions[0] and 0 <= y < y + height <= slide.dimensions[1]
    if not inside or width * height > MAX_SLIDE_PIXELS:
        raise UnreadableImage("The slide is too large, or what was scanned lies outside of it.")
    return Region(x, y, width, height)


def _lay_over(packed: NDArray[np.uint32], background: tuple[int, int, int]) -> None:
    """Put the background behind pixels that are not opaque; their colours are multiplied with opacity already.

    Nearly all of those are wholly transparent: gaps between photographs. The others are few, along the edges.
    """
    red, green, blue = background
    packed[packed == 0] = _OPAQUE | np.uint32(red << 16 | green << 8 | blue)
    edges = np.nonzero(packed < _OPAQUE)
    colours = packed[edges].view(np.uint8).reshape(-1, 4)
    missing = 255 - colours[:, 3:].astype(np.uint16)
    shown = colours[:, :3] + (missing * np.array(background[::-1], np.uint16) + 127) // 255
    colours[:, :3] = np.minimum(shown, 255).astype(np.uint8)
    packed[edges] = colours.view(np.uint32)[:, 0]
