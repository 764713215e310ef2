"""Turns loose slices into volumes with an exact grid, or says why that cannot be done honestly.

Order comes from positions along the slices' normal, never from the scanner's numbering (DICOM PS3.3 C.7.6.2.1.1).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from ingest_worker.domain.files import natural_order
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
from ingest_worker.domain.same_place import (
    ACQUISITION,
    by_acquisition,
    by_number,
    pictures_apart,
    same_place_reason,
    time_axis,
    told_apart,
)
from ingest_worker.domain.slices import (
    HEAD_FIRST,
    Assumed,
    Slice,
    alike,
    files_of,
    nearly_alike,
    places,
    with_owner,
)
from ingest_worker.domain.stations import sideways_mm, stations

EVEN_STEP = 0.1
"""A slice may lie this share of a step off its place in the even grid; beyond, the grid would be a lie."""

ROUNDING_MM = 0.1
"""A slice may lie this much off its place, since positions are often rounded to it,"""

MOST_OF_STEP = 0.25
"""but never more than this share of a step."""

MOST_EMPTY_SLICES = 10_000
"""More are never put between those of a segmentation."""

SAME_PLACES = "Other images of this series show the same places; this is the one of {}."
BESIDE = "Other images of this series show places beside these."
TURNED = (
    "Other slices of this series are turned a little against these, or their pixels are a little larger or smaller; "
    "they are no part of this image."
)


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


@dataclass(frozen=True)
class Unstackable:
    """Slices that belong together but make no volume."""

    files: tuple[str, ...]
    reason: str


def stacks_of(
    slices: Sequence[Slice], *, cross_sectional: bool, slice_distance_mm: float | None
) -> list[Stack | Unstackable]:
    """Part the slices of one series into volumes.

    Parameters
    ----------
    cross_sectional
        Whether slices without positions may be taken for a volume in the order of their numbers; a projection's
        files are pictures of their own instead.
    slice_distance_mm
        The series' own word on the distance of slices, for where positions are silent; negative if frames are
        stored against their normal.
    """
    results: list[Stack | Unstackable] = []
    parts = alike(with_owner(slices))
    for part in parts:
        turned = any(nearly_alike(part[0], other[0]) for other in parts if other is not part)
        for volume in _without_positions(part, cross_sectional) if part[0].position is None else [part]:
            results += [_noted(one, *(TURNED,) * turned) for one in _stacked(volume, slice_distance_mm)]
    return results


def _without_positions(part: list[Slice], cross_sectional: bool) -> list[list[Slice]]:
    if cross_sectional or len(files_of(part)) == 1:
        return [part]
    return [[one for one in part if one.file == name] for name in files_of(part)]


def _stacked(volume: list[Slice], slice_distance_mm: float | None) -> list[Stack | Unstackable]:
    try:
        if volume[0].position is None:
            return [_numbered(volume, slice_distance_mm)]
        return _positioned(volume, slice_distance_mm)
    except Refused as refusal:
        return [Unstackable(files_of(volume), refusal.reason)]


def _numbered(volume: list[Slice], slice_distance_mm: float | None) -> Stack:
    """Stack slices that have no position: frames of one file in their order, files by their numbers."""
    several = len(files_of(volume)) > 1
    numbers = [one.number for one in volume]
    if several and (None in numbers or len(set(numbers)) < len(numbers)):
        raise Refused(
            "The files of this series have neither positions nor numbers of their own, so their order is unknown."
        )
    ordered = sorted(volume, key=lambda one: (one.number or 0, natural_order(one.file), one.frame))
    if slice_distance_mm is not None and slice_distance_mm < 0:
        ordered.reverse()
    along = (*(volume[0].pixel_spacing or (1.0, 1.0)), abs(slice_distance_mm or 1.0))
    row, column = volume[0].orientation or HEAD_FIRST
    geometry = Geometry(along, (0.0, 0.0, 0.0), by_columns(row, column, _normal(volume[0])))
    known = (volume[0].pixel_spacing is not None, slice_distance_mm is not None)
    notes = ("The slices carry no positions and were ordered by their numbers.",) if several else ()
    return Stack(tuple(ordered), len(ordered), None, geometry, known, (*notes, *_assumptions(ordered)))


def _positioned(volume: list[Slice], slice_distance_mm: float | None) -> list[Stack | Unstackable]:
    normal = _normal(volume[0])
    heights = [dot(_position(one), normal) for one in volume]
    by_place = places(volume, heights)
    if all(len(place) == 1 for place in by_place):
        slices = [place[0] for place in by_place]
        return [_grid([_filled(slices, normal, slice_distance_mm)], slice_distance_mm)]
    through_time = time_axis(by_place)
    if through_time is not None:
        return [_grid(through_time, slice_distance_mm)]
    side_by_side = stations(by_place)
    if side_by_side is not None:
        return [_noted(stack, BESIDE) for part in side_by_side for stack in _stacked(part, slice_distance_mm)]
    # At a single place, each time point of a dynamic series is an acquisition of its own.
    parts = told_apart(by_place, but_by=ACQUISITION if len(by_place) == 1 else "")
    if parts is None:
        through_time = by_acquisition(by_place)
        if through_time is not None:
            return [_grid(_doubted(through_time, Assumed.TIME), slice_distance_mm)]
        parts = told_apart(by_place) or pictures_apart(by_place)
    if parts is None:
        through_time = by_number(by_place)
        if through_time is None:
            raise Refused(same_place_reason(by_place))
        return [_grid(_doubted(through_time, Assumed.NUMBERS), slice_distance_mm)]
    return [
        _noted(stack, *(SAME_PLACES.format(part.difference),) * bool(part.difference))
        for part in parts
        for stack in _stacked(part.slices, slice_distance_mm)
    ]


def _doubted(points: list[list[Slice]], assumed: Assumed) -> list[list[Slice]]:
    (first, *others), *later = points
    return [[first._replace(assumed=(*first.assumed, assumed)), *others], *later]


def _noted(found: Stack | Unstackable, *notes: str) -> Stack | Unstackable:
    return replace(found, notes=(*found.notes, *notes)) if isinstance(found, Stack) else found


def _filled(slices: list[Slice], normal: Vector, slice_distance_mm: float | None) -> list[Slice]:
    """Put empty slices where those of a segmentation are missing, if the others lie on an even grid."""
    steps = [dot(subtract(_position(high), _position(low)), normal) for low, high in pairwise(slices)]
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
    start, way = _position(low), subtract(_position(high), _position(low))
    places = [beyond(start, (way[0], way[1], way[2]), index / count) for index in range(1, count)]
    return [low._replace(position=place, is_empty=True) for place in places]


def _grid(points: list[list[Slice]], slice_distance_mm: float | None) -> Stack:
    """Return the stack of time points, each a list of slices from low to high."""
    first = points[0]
    row, column = first[0].orientation or HEAD_FIRST
    normal = _normal(first[0])
    step = _even_step(first, normal)
    for later in points[1:]:
        _same_places(first, later)
    _straight(first, row, column)
    measured = step is not None and Assumed.DISTANCE not in first[0].assumed
    known = (first[0].pixel_spacing is not None, measured or slice_distance_mm is not None)
    along = (*(first[0].pixel_spacing or (1.0, 1.0)), step or abs(slice_distance_mm or 1.0))
    geometry = Geometry(along, _position(first[0]), by_columns(row, column, normal))
    slices = tuple(one for point in points for one in point)
    notes = _assumptions(slices)
    if len(points) == 1:
        return Stack(slices, len(first), None, geometry, known, notes)
    return Stack(slices, len(first), len(points), geometry.with_time(), known, notes)


def _assumptions(slices: Iterable[Slice]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(assumed) for one in slices for assumed in one.assumed))


def _normal(one: Slice) -> Vector:
    row, column = one.orientation or HEAD_FIRST
    return unit_vector(cross(row, column))


def _position(one: Slice) -> Vector:
    if one.position is None:
        raise Refused(f"A slice in {one.file} has no position while others have one.")
    return one.position


def _even_step(slices: Sequence[Slice], normal: Vector) -> float | None:
    """Return the mean distance of neighbours, None for a single slice; refuse gaps and uneven steps."""
    if len(slices) == 1:
        return None
    heights = [dot(_position(one), normal) for one in slices]
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
        if length(subtract(_position(one), _position(other))) > sideways_mm(one):
            raise Refused(
                f"The slices of the time points do not lie at the same places: {_both(one, other)}."
            )


def _straight(slices: Sequence[Slice], row: Vector, column: Vector) -> None:
    """Refuse stacks whose slices are shifted against each other: a tilted gantry, or a moved table."""
    start = _position(slices[0])
    shifts = [subtract(_position(one), start) for one in slices]
    sideways = max(max(abs(dot(shift, row)), abs(dot(shift, column))) for shift in shifts)
    if sideways > sideways_mm(slices[0]):
        raise Refused(
            f"The slices are shifted sideways against each other by up to {sideways:.4g} mm (tilted gantry or "
            "moved table); such a stack is no rectangular volume."
        )
