"""Turns loose slices into volumes with an exact grid, or says why that cannot be done honestly.

Order comes from positions along the slices' normal, never from the scanner's numbering (DICOM PS3.3 C.7.6.2.1.1).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ingest_worker.domain.files import natural_order
from ingest_worker.domain.frames_of_reference import measured_alike
from ingest_worker.domain.geometry import Geometry, by_columns, dot
from ingest_worker.domain.refusals import Refused
from ingest_worker.domain.same_place import (
    ACQUISITION,
    by_acquisition,
    by_number,
    kinds_apart,
    pictures_apart,
    same_place_reason,
    time_axis,
    told_apart,
)
from ingest_worker.domain.slice_grid import (
    Stack,
    assumptions_of,
    normal_of,
    on_grid,
    pixel_size_known,
    position_of,
    without_gaps,
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
from ingest_worker.domain.stations import stations

SAME_PLACES = "Other images of this series show the same places; this is the one of {}."
BESIDE = "Other images of this series show places beside these."
TURNED = (
    "Other slices of this series are turned a little against these, or their pixels are a little larger or smaller; "
    "they are no part of this image."
)


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
        for some, notes in measured_alike(part):
            for volume in _without_positions(some, cross_sectional) if some[0].position is None else [some]:
                found = [_explained(one, *notes) for one in _stacked(volume, slice_distance_mm)]
                results += [_noted(one, *notes, *(TURNED,) * turned) for one in found]
    return results


def _without_positions(part: Sequence[Slice], cross_sectional: bool) -> list[Sequence[Slice]]:
    if cross_sectional or len(files_of(part)) == 1:
        return [part]
    return [[one for one in part if one.file == name] for name in files_of(part)]


def _stacked(volume: Sequence[Slice], slice_distance_mm: float | None) -> list[Stack | Unstackable]:
    try:
        if volume[0].position is None:
            return [_numbered(volume, slice_distance_mm)]
        return _positioned(volume, slice_distance_mm)
    except Refused as refusal:
        return [Unstackable(files_of(volume), refusal.reason)]


def _numbered(volume: Sequence[Slice], slice_distance_mm: float | None) -> Stack:
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
    geometry = Geometry(along, (0.0, 0.0, 0.0), by_columns(row, column, normal_of(volume[0])))
    known = (pixel_size_known(volume[0]), slice_distance_mm is not None)
    notes = ("The slices carry no positions and were ordered by their numbers.",) if several else ()
    return Stack(tuple(ordered), len(ordered), None, geometry, known, (*notes, *assumptions_of(ordered)))


def _positioned(volume: Sequence[Slice], slice_distance_mm: float | None) -> list[Stack | Unstackable]:
    normal = normal_of(volume[0])
    heights = [dot(position_of(one), normal) for one in volume]
    by_place = places(volume, heights)
    if all(len(place) == 1 for place in by_place):
        slices = [place[0] for place in by_place]
        return [on_grid([without_gaps(slices, normal, slice_distance_mm)], slice_distance_mm)]
    through_time = time_axis(by_place)
    if through_time is not None:
        return [on_grid(through_time, slice_distance_mm)]
    side_by_side = stations(by_place)
    if side_by_side is not None:
        return [_noted(stack, BESIDE) for part in side_by_side for stack in _stacked(part, slice_distance_mm)]
    # At a single place, each time point of a dynamic series is an acquisition of its own.
    parts = told_apart(by_place, but_by=ACQUISITION if len(by_place) == 1 else "")
    # Times and numbers are guesses at what is a time point: what is of another kind is none.
    parts = parts or kinds_apart(by_place)
    if parts is None:
        through_time = by_acquisition(by_place)
        if through_time is not None:
            return [on_grid(_doubted(through_time, Assumed.TIME), slice_distance_mm)]
        parts = told_apart(by_place) or pictures_apart(by_place)
    if parts is None:
        through_time = by_number(by_place)
        if through_time is None:
            raise Refused(same_place_reason(by_place))
        return [on_grid(_doubted(through_time, Assumed.NUMBERS), slice_distance_mm)]
    return [
        _noted(stack, *(SAME_PLACES.format(part.difference),) * bool(part.difference))
        for part in parts
        for stack in _stacked(part.slices, slice_distance_mm)
    ]


def _doubted(points: list[list[Slice]], assumed: Assumed) -> list[list[Slice]]:
    (first, *others), *later = points
    return [[first._replace(assumed=(*first.assumed, assumed)), *others], *later]


def _explained(found: Stack | Unstackable, *notes: str) -> Stack | Unstackable:
    """Return slices that make no volume with what else is known of them: the missing ones may be elsewhere."""
    return found if isinstance(found, Stack) else replace(found, reason=" ".join([found.reason, *notes]))


def _noted(found: Stack | Unstackable, *notes: str) -> Stack | Unstackable:
    return replace(found, notes=(*found.notes, *notes)) if isinstance(found, Stack) else found
