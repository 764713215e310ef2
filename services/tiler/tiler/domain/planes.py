"""The three ways to cut a volume, and how each cut is turned so that people see it as they are used to.

Voxels lie along the axes x, y and z of a grid, which a scanner may hold in any direction. Directions of the body are those of
DICOM: towards left, posterior and superior. On a screen the patient's left is on the right, the front is up in axial
slices and left in sagittal ones, and the head is up in the other two.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import Literal

AxisName = Literal["x", "y", "z"]
PlaneName = Literal["axial", "coronal", "sagittal"]
Side = Literal["L", "R", "P", "A", "H", "F"]

_AXES: tuple[AxisName, ...] = ("x", "y", "z")
_LEFT, _POSTERIOR, _SUPERIOR = range(3)
_NAMES: tuple[PlaneName, ...] = (
    "sagittal",
    "coronal",
    "axial",
)  # of what one looks along left, posterior, superior
_SIDES: tuple[tuple[Side, Side], ...] = (("L", "R"), ("P", "A"), ("H", "F"))  # along and against these
_ACROSS = (_POSTERIOR, _LEFT, _LEFT)  # what grows to the right of the screen, by what one looks along
_DOWN = ((_SUPERIOR, -1), (_SUPERIOR, -1), (_POSTERIOR, 1))  # what grows, or falls, towards its bottom
_UNIT = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))


@dataclass(frozen=True)
class Plane:
    """One way to cut a volume.

    Parameters
    ----------
    axis
        Of the grid; slices are counted along it as the voxels are stored.
    name
        The cut of the body that it is closest to.
    count
        How many slices there are.
    width, height
        Of a slice as it is shown, in voxels.
    pixel_size_mm
        Width and height of a voxel as it is shown.
    towards
        The side of the body that slices are counted towards, in the letters of DICOM (PS3.3 section C.7.6.1.1.1).
    transposed, mirrored, upended
        What has to be done to a slice as it is stored, whose faster axis runs across, in this order: swap its axes,
        reverse what runs across, reverse what runs down.
    """

    axis: AxisName
    name: PlaneName
    count: int
    width: int
    height: int
    pixel_size_mm: tuple[float, float]
    towards: Side = "H"
    transposed: bool = False
    mirrored: bool = False
    upended: bool = False


def planes(
    size: tuple[int, ...], spacing_mm: tuple[float, ...], directions: Sequence[Sequence[float]]
) -> tuple[Plane, ...]:
    """Return the ways to cut an image, along x, y and z; a picture has one, as it lies.

    Parameters
    ----------
    size, spacing_mm
        Along x, y and, if there are as many, z and time.
    directions
        Of the axes in the body; empty if they are not known, which counts as x, y and z towards left, posterior, superior.
    """
    if len(size) == 2:
        return (Plane("z", "axial", 1, size[0], size[1], (spacing_mm[0], spacing_mm[1])),)
    towards = [tuple(direction[:3]) for direction in directions[:3]] or list(_UNIT)
    main = max(permutations(range(3)), key=lambda found: _closeness(towards, found))
    return tuple(_plane(along, size, spacing_mm, towards, main) for along in range(3))


def find_plane(among: Sequence[Plane], wanted: str) -> Plane | None:
    """Return the plane of a name or an axis."""
    return next((plane for plane in among if wanted in (plane.axis, plane.name)), None)


def _closeness(towards: Sequence[Sequence[float]], main: Sequence[int]) -> float:
    return sum(abs(direction[body]) for direction, body in zip(towards, main, strict=True))


def _plane(
    along: int,
    size: Sequence[int],
    spacing_mm: Sequence[float],
    towards: Sequence[Sequence[float]],
    main: Sequence[int],
) -> Plane:
    looking = main[along]
    down_body, down_sign = _DOWN[looking]
    across, down = main.index(_ACROSS[looking]), main.index(down_body)
    return Plane(
        axis=_AXES[along],
        name=_NAMES[looking],
        count=size[along],
        width=size[across],
        height=size[down],
        pixel_size_mm=(spacing_mm[across], spacing_mm[down]),
        towards=_SIDES[looking][towards[along][looking] < 0],
        transposed=across > down,
        mirrored=towards[across][_ACROSS[looking]] < 0,
        upended=towards[down][down_body] * down_sign < 0,
    )
