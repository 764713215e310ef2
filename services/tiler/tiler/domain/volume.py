"""A volume or a picture whose slices can be asked for, and what a client says about the one it wants."""

import re
from dataclasses import dataclass

from archive_shared.errors import Invalid, NotFound
from tiler.domain.picture import JPEG, NPY, PNG
from tiler.domain.planes import Plane, find_plane
from tiler.domain.tile_index import DisplayWindow

_WITH_OPACITY = 4
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?", re.ASCII | re.IGNORECASE)
_LARGEST_NUMBER = 1e300
CONTENT_TYPES = {"jpeg": JPEG, "jpg": JPEG, "png": PNG, "npy": NPY}


@dataclass(frozen=True)
class VolumeShape:
    """What can be asked for.

    Parameters
    ----------
    size
        Voxels along x, y and z.
    times
        Time points; 1 for what does not change.
    channels
        Values per voxel.
    is_labels
        Voxels name things; each has a colour of its own.
    window
        How gray values are shown unless asked otherwise; None where they are not, for colours and labels.
    """

    size: tuple[int, int, int]
    spacing_mm: tuple[float, float, float]
    times: int
    channels: int
    is_labels: bool
    window: DisplayWindow | None
    planes: tuple[Plane, ...]

    @property
    def format(self) -> str:
        """Labels would blur in a JPEG, and show colours that stand for others; opacity would be lost."""
        return "png" if self.is_labels or self.channels == _WITH_OPACITY else "jpeg"


@dataclass(frozen=True)
class SliceAddress:
    """Which slice, in which window, as the client wrote it."""

    axis: str
    index: int
    extension: str
    time: int = 0
    center: str = ""
    width: str = ""


@dataclass(frozen=True)
class WantedSlice:
    """Which slice of a volume, and how it is shown."""

    plane: Plane
    index: int
    time: int
    window: DisplayWindow | None
    content_type: str


def wanted_slice(shape: VolumeShape, address: SliceAddress) -> WantedSlice:
    """Return what an address stands for.

    Raises
    ------
    NotFound
        There is no such slice, or not of this format.
    Invalid
        The window makes no sense.
    """
    plane = find_plane(shape.planes, address.axis)
    content_type = CONTENT_TYPES.get(address.extension)
    if plane is None or content_type is None:
        raise NotFound(f"there are no {address.axis} slices as {address.extension}")
    if not (0 <= address.index < plane.count and 0 <= address.time < shape.times):
        raise NotFound(f"there is no {address.axis} slice {address.index} at time {address.time}")
    return WantedSlice(plane, address.index, address.time, _window(shape, address), content_type)


def _window(shape: VolumeShape, address: SliceAddress) -> DisplayWindow | None:
    if not (address.center or address.width):
        return shape.window
    center, width = _number("center", address.center), _number("width", address.width)
    if width <= 0:
        raise Invalid({"width": ["Must be more than zero."]})
    return DisplayWindow(center - width / 2, center + width / 2)


def _number(name: str, text: str) -> float:
    if not _NUMBER.fullmatch(text) or abs(value := float(text)) >= _LARGEST_NUMBER:
        raise Invalid({name: ["Must be a number; give both center and width."]})
    return value
