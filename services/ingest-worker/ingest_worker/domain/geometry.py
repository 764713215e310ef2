"""Where voxels lie in space, in the patient coordinates of DICOM and ITK (left, posterior, superior; millimetres)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

Vector = tuple[float, float, float]


@dataclass(frozen=True)
class Geometry:
    """The grid of an image, axes in the order x, y, z, t.

    Parameters
    ----------
    spacing
        Distance between neighbouring samples along each axis.
    origin
        Position of the centre of the first sample.
    direction
        Rows of the matrix whose columns are the unit vectors of the axes, as ITK prints it.
    """

    spacing: tuple[float, ...]
    origin: tuple[float, ...]
    direction: tuple[float, ...]

    @property
    def dimensions(self) -> int:
        return len(self.spacing)

    @classmethod
    def unknown(cls, dimensions: int) -> "Geometry":
        """Return the grid of a picture nobody placed anywhere: unit spacing at the origin."""
        return cls((1.0,) * dimensions, (0.0,) * dimensions, identity(dimensions))

    def scaled(self, unit_mm: float) -> "Geometry":
        """Return the grid in millimetres where space is measured in another unit."""
        spacing = (*(unit_mm * step for step in self.spacing[:3]), *self.spacing[3:])
        origin = (*(unit_mm * place for place in self.origin[:3]), *self.origin[3:])
        return Geometry(spacing, origin, self.direction)

    def with_time(self) -> "Geometry":
        """Return the same grid with a fourth axis of unit spacing."""
        rows = [(*self.direction[start : start + 3], 0.0) for start in (0, 3, 6)]
        direction = (*rows[0], *rows[1], *rows[2], 0.0, 0.0, 0.0, 1.0)
        return Geometry((*self.spacing, 1.0), (*self.origin, 0.0), direction)


def identity(dimensions: int) -> tuple[float, ...]:
    """Return the direction matrix of axes that point along the coordinates."""
    return tuple(float(row == column) for row in range(dimensions) for column in range(dimensions))


def cross(a: Vector, b: Vector) -> Vector:
    return (a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0])


def dot(a: Vector, b: Vector) -> float:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def subtract(a: Vector, b: Vector) -> Vector:
    return (a[0] - b[0], a[1] - b[1], a[2] - b[2])


def beyond(start: Vector, direction: Vector, distance: float) -> Vector:
    """Return the point so far from the start along a unit vector."""
    x, y, z = (at + unit * distance for at, unit in zip(start, direction, strict=True))
    return (x, y, z)


def length(a: Vector) -> float:
    return math.sqrt(dot(a, a))


def unit_vector(a: Vector) -> Vector:
    """Return the vector of length one in the same direction; files round directions to a few digits."""
    size = length(a)
    return (a[0] / size, a[1] / size, a[2] / size)


def by_columns(first: Sequence[float], second: Sequence[float], third: Sequence[float]) -> tuple[float, ...]:
    """Return the direction matrix whose columns are the three axes."""
    return tuple(axis[row] for row in range(3) for axis in (first, second, third))
