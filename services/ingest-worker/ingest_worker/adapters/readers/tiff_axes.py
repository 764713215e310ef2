"""What the software of microscopes writes into TIFFs beside the pixels: ImageJ's lines, and the XML of OME.

Both say in the first page's description how large a voxel is, and what the pages of a file are to each other: channels,
slices, points in time. Formats: ImageJ's TiffEncoder.java, and docs.openmicroscopy.org/ome-model (OME-TIFF).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from html import unescape
from math import isfinite
from typing import Final

from ingest_worker.adapters.readers.length_units import unit_mm
from ingest_worker.adapters.readers.tiff_resolution import Resolution, Sizes, pixel_size_mm

PIXELS: Final = re.compile(r"<(?:\w+:)?Pixels\b([^<>]*)>")
PLANE: Final = re.compile(r"<(?:\w+:)?TiffData\b([^<>]*)>")
ATTRIBUTE: Final = re.compile(r"""\b(\w+)\s*=\s*["']([^"']*)["']""")
MOST_DIGITS: Final = 9
CHANNELS_FIRST: Final = "CZT"


@dataclass(frozen=True)
class Axes:
    """How the pages of a file follow one another, and the size of a voxel, as far as its description says it.

    Parameters
    ----------
    channels, slices, frames
        How many; frames are points in time.
    order
        The letters C, Z, T; what changes from page to page comes first.
    in_order
        Whether the pages are known to lie so.
    pixel_size_mm
        Along x and y as stored.
    in_one_piece
        Whether the file may have one directory for all its pages: ImageJ's have where they are larger than 4 GB.
    """

    channels: int = 1
    slices: int = 1
    frames: int = 1
    order: str = CHANNELS_FIRST
    in_order: bool = True
    pixel_size_mm: Sizes | None = None
    slice_distance_mm: float | None = None
    in_one_piece: bool = False

    @property
    def pages(self) -> int:
        return self.channels * self.slices * self.frames

    def page(self, *, channel: int, depth: int, time: int) -> int:
        """Return the index of a page."""
        place = {"C": (channel, self.channels), "Z": (depth, self.slices), "T": (time, self.frames)}
        found = 0
        for index, size in (place[letter] for letter in reversed(self.order)):
            found = found * size + index
        return found

    def volume(self, channel: int) -> tuple[int, ...]:
        """Return the pages of a channel, z fastest, then t."""
        return tuple(
            self.page(channel=channel, depth=depth, time=time)
            for time in range(self.frames)
            for depth in range(self.slices)
        )


def described_axes(description: str, resolution: Resolution | None, *, samples: int) -> Axes | None:
    """Return what a description says, None if neither ImageJ nor OME wrote it.

    Parameters
    ----------
    resolution
        As the tags have it.
    samples
        Of a pixel of a page; OME counts them as channels.
    """
    if description.startswith("ImageJ="):
        lines = (line.partition("=") for line in description.splitlines())
        return _imagej({key.strip(): value.strip() for key, _, value in lines}, resolution)
    found = PIXELS.search(description)
    return _ome(_attributes(found[1]), description, samples) if found else None


def _imagej(said: Mapping[str, str], resolution: Resolution | None) -> Axes:
    unit = unit_mm(said.get("unit", ""))
    channels, slices, frames = (_count(said, key) for key in ("channels", "slices", "frames"))
    if "slices" not in said and "frames" not in said:
        slices = max(1, _count(said, "images") // channels)
    size = pixel_size_mm(resolution, unit) if unit and resolution else None
    distance = _length(said.get("spacing", ""), unit)
    return Axes(channels, slices, frames, pixel_size_mm=size, slice_distance_mm=distance, in_one_piece=True)


def _ome(said: Mapping[str, str], description: str, samples: int) -> Axes:
    width, height, distance = (
        _length(said.get(f"PhysicalSize{axis}", ""), unit_mm(said.get(f"PhysicalSize{axis}Unit", "um")))
        for axis in "XYZ"
    )
    channels, slices, frames = (_count(said, f"Size{axis}") for axis in CHANNELS_FIRST)
    order = said.get("DimensionOrder", "")[2:]
    axes = Axes(
        max(1, channels // samples),
        slices,
        frames,
        order=order if sorted(order) == sorted(CHANNELS_FIRST) else CHANNELS_FIRST,
        in_order=sorted(order) == sorted(CHANNELS_FIRST),
        pixel_size_mm=(width, height) if width and height else None,
        slice_distance_mm=distance,
    )
    planes = map(_attributes, PLANE.findall(description))
    return axes if all(_is_in_place(axes, plane) for plane in planes) else replace(axes, in_order=False)


def _is_in_place(axes: Axes, plane: Mapping[str, str]) -> bool:
    """Tell whether a plane that is listed by itself lies on the page where its place in the order says."""
    channel, depth, time = (_index(plane.get(f"First{axis}", "0")) for axis in CHANNELS_FIRST)
    return "IFD" not in plane or axes.page(channel=channel, depth=depth, time=time) == _index(plane["IFD"])


def _attributes(text: str) -> dict[str, str]:
    return {name: unescape(value) for name, value in ATTRIBUTE.findall(text)}


def _length(text: str, unit: float | None) -> float | None:
    try:
        found = abs(float(text)) * (unit or 0.0)
    except ValueError:
        return None
    return found if isfinite(found) and found > 0 else None


def _count(said: Mapping[str, str], key: str) -> int:
    return max(1, _index(said.get(key, "")))


def _index(text: str) -> int:
    """Return a number that counts something, -1 for anything else."""
    return int(text) if text.isdecimal() and len(text) <= MOST_DIGITS else -1
