"""Stacks of slices on an exact grid, or why there is none: gaps, uneven steps, slices that are shifted or move with time."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ingest_worker.domain.geometry import (
    Geometry,
    Vector,
    beyond,
    by_columns,
    cross,
    dot,
    length,
    subtract,
    unit_vector,
)
from ingest_worker.domain.refusals import Refused
from ingest_worker.domain.slices import HEAD_FIRST, Assumed, Slice
from ingest_worker.domain.stations import sideways_mm

EVEN_STEP = 0.1
"""A slice may lie this share of a step off its place in the even grid; beyond, the grid would be a lie."""

ROUNDING_MM = 0.1
"""A slice may lie this much off its place, since positions are often rounded to it,"""

MOST_OF_STEP = 0.25
"""but never more than this share of a step."""

MOST_EMPTY_SLICES = 10_000
"""More are never put between those of a segmentation."""


@dataclass(frozen=True)
class Stack:
    """Slices of one volume in canonical order.

    Parameters
    ----------
    slices
        z fastest, then t.
    depth, timepoints
        Counts along z and t; timepoints is None for one volume.
    spacing_known
        Whether the sources say how large a pixel is, and how far slices are apart.
    """

    slices: tuple[Slice, ...]
    depth: int
    timepoints: int | None
    geometry: Geometry
    spacing_known: tuple[bool, bool]
    notes: tuple[str, ...] = ()


def without_gaps(slices: list[Slice], normal: Vector, slice_distance_mm: float | None) -> list[Slice]:
    """Put empty slices where those of a segmentation are missing, if the others lie on an even grid."""
    steps = [dot(subtract(position_of(high), position_of(low)), normal) for low, high in pairwise(slices)]
    if not (steps and slices[0].is_sparse):
        return slices
    step = abs(slice_distance_mm or min(steps))
    if sum(steps) > step * (len(steps) + MOST_EMPTY_SLICES):
        return slices
    counts = [round(distance / step) for distance in steps]
    even = all(
        abs(distance / step - count) <= EVEN_STEP for distance, count in zip(steps, counts, strict=True)
    )
    if not even:
        return slices
    filled: list[Slice] = []
    for (low, high), count in zip(pairwise(slices), counts, strict=True):
        filled += [low, *_between(low, high, count)]
    return [*filled, slices[-1]]


def _between(low: Slice, high: Slice, count: int) -> list[Slice]:
    """Return the empty slices that part the way from one slice to another into so many steps."""
    start, way = position_of(low), subtract(position_of(high), position_of(low))
    places = [beyond(start, (way[0], way[1], way[2]), index / count) for index in range(1, count)]
    return [low._replace(position=place, is_empty=True) for place in places]


def on_grid(points: list[list[Slice]], slice_distance_mm: float | None) -> Stack:
    """Return the stack of time points, each a list of slices from low to high.

    Raises
    ------
    Refused
        There are gaps or uneven steps, slices are shifted, or those of a later point lie elsewhere.
    """
    first = points[0]
    row, column = first[0].orientation or HEAD_FIRST
    normal = normal_of(first[0])
    step = _even_step(first, normal)
    for later in points[1:]:
        _same_places(first, later)
    _straight(first, row, column)
    measured = step is not None and Assumed.DISTANCE not in first[0].assumed
    known = (pixel_size_known(first[0]), measured or slice_distance_mm is not None)
    along = (*(first[0].pixel_spacing or (1.0, 1.0)), step or abs(slice_distance_mm or 1.0))
    geometry = Geometry(along, position_of(first[0]), by_columns(row, column, normal))
    slices = tuple(one for point in points for one in point)
    notes = assumptions_of(slices)
    if len(points) == 1:
        return Stack(slices, len(first), None, geometry, known, notes)
    return Stack(slices, len(first), len(points), geometry.with_time(), known, notes)


def assumptions_of(slices: Iterable[Slice]) -> tuple[str, ...]:
    """Return the notes on what is not known of slices but assumed, each once."""
    return tuple(dict.fromkeys(str(assumed) for one in slices for assumed in one.assumed))


def pixel_size_known(one: Slice) -> bool:
    """Tell whether a slice says how large a pixel is, and not just of which shape."""
    return one.pixel_spacing is not None and Assumed.SHAPE not in one.assumed


def normal_of(one: Slice) -> Vector:
    """Return the unit vector through a slice, from its rows to its columns by the right hand."""
    row, column = one.orientation or HEAD_FIRST
    return unit_vector(cross(row, column))


def position_of(one: Slice) -> Vector:
    """Return where a slice lies.

    Raises
    ------
    Refused
        It does not say so, though others of its series do.
    """
    if one.position is None:
        raise Refused(f"A slice in {one.file} has no position while others have one.")
    return one.position


def _even_step(slices: Sequence[Slice], normal: Vector) -> float | None:
    """Return the mean distance of neighbours, None for a single slice; refuse gaps and uneven steps."""
    if len(slices) == 1:
        return None
    heights = [dot(position_of(one), normal) for one in slices]
    step = (heights[-1] - heights[0]) / (len(heights) - 1)
    slack = min(max(EVEN_STEP * step, ROUNDING_MM), MOST_OF_STEP * step)
    if max(abs(height - heights[0] - index * step) for index, height in enumerate(heights)) <= slack:
        return step
    raise Refused(_uneven_reason(slices, heights))


def _uneven_reason(slices: Sequence[Slice], heights: Sequence[float]) -> str:
    steps = [high - low for low, high in pairwise(heights)]
    usual = sorted(steps)[len(steps) // 2]
    gaps = [index for index, step in enumerate(steps) if round(step / usual) >= 2]
    whole = all(abs(step / usual - round(step / usual)) <= MOST_OF_STEP for step in steps)
    if gaps and whole:
        missing = sum(round(steps[index] / usual) - 1 for index in gaps)
        near = _both(slices[gaps[0]], slices[gaps[0] + 1])
        return f"Slices are missing: {missing} of {len(slices) + missing}, the first between {near}."
    return (
        "The slices are unevenly spaced: the distance between neighbours varies "
        f"from {min(steps):.4g} mm to {max(steps):.4g} mm."
    )


def _both(low: Slice, high: Slice) -> str:
    if low.file == high.file:
        return f"frames {low.frame + 1} and {high.frame + 1} of {low.file}"
    return f"{low.file} and {high.file}"


def _same_places(first: Sequence[Slice], later: Sequence[Slice]) -> None:
    for one, other in zip(first, later, strict=True):
        if length(subtract(position_of(one), position_of(other))) > sideways_mm(one):
            raise Refused(
                f"The slices of the time points do not lie at the same places: {_both(one, other)}."
            )


def _straight(slices: Sequence[Slice], row: Vector, column: Vector) -> None:
    """Refuse stacks whose slices are shifted against each other: a tilted gantry, or a moved table."""
    start = position_of(slices[0])
    shifts = [subtract(position_of(one), start) for one in slices]
    sideways = max(max(abs(dot(shift, row)), abs(dot(shift, column))) for shift in shifts)
    if sideways > sideways_mm(slices[0]):
        raise Refused(
            f"The slices are shifted sideways against each other by up to {sideways:.4g} mm (tilted gantry or "
            "moved table); such a stack is no rectangular volume."
        )
