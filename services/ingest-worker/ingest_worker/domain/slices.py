"""Single slices as a scanner writes them, and how they fall into stacks that can each become one volume."""

import posixpath
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from operator import attrgetter
from typing import TypeAlias, TypeVar

from ingest_worker.domain.files import name_list, natural_order
from ingest_worker.domain.geometry import Vector
from ingest_worker.domain.refusals import Refused

Orientation: TypeAlias = tuple[Vector, Vector]
Moment = TypeVar("Moment", float, str)

SAME_ORIENTATION = 1e-3
"""Direction cosines closer than this are one orientation: scanners round them to three digits and more."""

SAME_PLACE_MM = 1e-3
"""Slices nearer to one another than this lie at the same place."""


FILE, FOLDER = "file", "folder"
"""Tell slices apart like traits, though files do not say them themselves."""

HEAD_FIRST: Orientation = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0))
"""Rows and columns of an axial slice, where nothing is said of them."""


class Assumed(StrEnum):
    """What a file leaves open of its slices; the value is the note on it."""

    PLACE = "The file does not say where its slices lie; the first was placed at the origin."
    ORDER = "Only the first frame carries a position; the others were placed behind it in their stored order."
    TRANSDUCER = "The file says where its slices lie to one another, but not where in the patient."
    DISTANCE = "The file does not say how far its slices are apart."
    TIME = "Nothing but when they were acquired tells slices at one place apart; they were taken for time points."
    THICKNESS = "The file does not say how far its slices are apart; their thickness was taken."
    OWNER = (
        "Some files of this series do not say whose they are; they were taken for those of the same patient."
    )


@dataclass(frozen=True)
class Slice:
    """One frame, its place in space and time, and what may set it apart from others at the same place.

    Parameters
    ----------
    file
        Name of the file that holds it.
    frame
        Its index in that file.
    shape
        Whatever must be equal within one volume: rows, columns, samples per pixel, ...
    number
        The scanner's own numbering; only used when there are no positions.
    position
        Centre of its first pixel.
    orientation
        Unit vectors along a row (x) and along a column (y).
    pixel_spacing
        Between columns (x) and between rows (y), in millimetres.
    stack
        The scanner's own name for the stack it belongs to, and for the segment it shows.
    owner
        Whose it is, as the file says it, "" if it does not: slices of two patients never make a volume.
    times
        Possible time axes by name, best first, on which slices of one time point share their value.
    trigger_ms
        Delay after the heart beat; slices of one phase may differ in it.
    reference_ms
        Time of dynamic PET; each of its beds has its own.
    acquired
        When, as DICOM's texts of date and time, which sort by time.
    traits
        What else can tell slices at one place apart, best first: acquisition, echo, ...
    assumed
        What is not known of it but assumed.
    is_sparse
        Whether slices missing beside it are known to be empty: segmentations leave out where nothing is marked.
    is_empty
        Whether it stands for such a missing one; `frame` is that of another slice.
    """

    file: str
    frame: int
    shape: Hashable
    number: int | None = None
    position: Vector | None = None
    orientation: Orientation | None = None
    pixel_spacing: tuple[float, float] | None = None
    stack: str = ""
    owner: str = field(default="", repr=False)
    times: Mapping[str, float | None] = field(default_factory=dict)
    trigger_ms: float | None = None
    reference_ms: float | None = None
    acquired: str = ""
    traits: Mapping[str, str | None] = field(default_factory=dict)
    assumed: tuple[Assumed, ...] = ()
    is_sparse: bool = False
    is_empty: bool = False

    @property
    def order(self) -> tuple[object, ...]:
        """The order in which slices are looked at: by file name, then frame."""
        return (natural_order(self.file), self.frame)


MOMENTS: tuple[Callable[[Slice], float | None], ...] = (attrgetter("trigger_ms"), attrgetter("reference_ms"))
"""By what slices at one place are put in order of time, best first."""


def files_of(slices: Iterable[Slice]) -> tuple[str, ...]:
    """Return the names of the files these slices come from, sorted."""
    return tuple(sorted({one.file for one in slices}, key=natural_order))


def with_owner(slices: Sequence[Slice]) -> Sequence[Slice]:
    """Return the slices of one series, those without owner as the other ones' if these are of one patient.

    An identifier of the patient may be empty (type 2 in PS3.3 C.7.1.1), and a series is of one patient (PS3.3 A.1.2); where
    files say of themselves that it is not, nobody knows whose the silent ones are.
    """
    owners = {one.owner for one in slices}
    known = owners - {""}
    if len(known) != 1 or known == owners:
        return slices
    (owner,) = known
    return [
        one if one.owner else replace(one, owner=owner, assumed=(*one.assumed, Assumed.OWNER))
        for one in slices
    ]


def alike(slices: Iterable[Slice]) -> list[list[Slice]]:
    """Part slices that cannot belong to one volume: other patient, stack, size, pixel spacing or orientation.

    The parts, and the slices in them, come in the order of their files.
    """
    parts: list[list[Slice]] = []
    for one in sorted(slices, key=lambda each: each.order):
        home = next((part for part in parts if _fits(part[0], one)), None)
        if home is None:
            parts.append([one])
        else:
            home.append(one)
    return parts


def _fits(first: Slice, other: Slice) -> bool:
    return (
        (first.owner, first.stack, first.shape) == (other.owner, other.stack, other.shape)
        and (first.position is None) == (other.position is None)
        and _close(_flat(first.orientation), _flat(other.orientation), SAME_ORIENTATION)
        and _close(first.pixel_spacing, other.pixel_spacing, SAME_PLACE_MM)
    )


def _flat(orientation: Orientation | None) -> tuple[float, ...] | None:
    return None if orientation is None else (*orientation[0], *orientation[1])


def _close(a: Sequence[float] | None, b: Sequence[float] | None, tolerance: float) -> bool:
    if a is None or b is None:
        return a is b
    return all(abs(x - y) <= tolerance for x, y in zip(a, b, strict=True))


def places(slices: Sequence[Slice], heights: Sequence[float]) -> list[list[Slice]]:
    """Return the slices by place along the normal, lowest first; slices at one place keep their order.

    Parameters
    ----------
    heights
        Of each slice, along the normal.
    """
    found: list[list[Slice]] = []
    last = float("-inf")
    for height, one in sorted(zip(heights, slices, strict=True), key=lambda pair: pair[0]):
        if height - last > SAME_PLACE_MM:
            found.append([])
            last = height
        found[-1].append(one)
    return [sorted(place, key=lambda each: each.order) for place in found]


def time_axis(by_place: Sequence[Sequence[Slice]]) -> list[list[Slice]] | None:
    """Return one list of slices per time point, lowest slice first, or None if no time axis explains the repeats.

    Raises
    ------
    Refused
        There is a time axis, but slices are missing at some of its points.
    """
    slices = [one for place in by_place for one in place]
    for name in slices[0].times:
        times = [one.times.get(name) for one in slices]
        if any(time is None for time in times) or len(set(times)) < 2:
            continue
        points = sorted({time for time in times if time is not None})
        if _complete(by_place, name, points):
            return [[_at(place, name, point) for place in by_place] for point in points]
        if _unique(by_place, name):
            raise Refused(_missing_in_time(by_place, name, points))
    return next((found for moment in MOMENTS if (found := _ranked(by_place, moment))), None)


def by_acquisition(by_place: Sequence[Sequence[Slice]]) -> list[list[Slice]] | None:
    """Return one list of slices per time point by when they were acquired, or None if that does not tell them apart."""
    return _ranked(by_place, lambda one: one.acquired or None)


def _ranked(
    by_place: Sequence[Sequence[Slice]], moment: Callable[[Slice], Moment | None]
) -> list[list[Slice]] | None:
    """Return time points by the rank of moments, which differ a little from place to place."""
    count = len(by_place[0])
    ranked = []
    for place in by_place:
        moments = {at: one for one in place if (at := moment(one)) is not None}
        if len(moments) != count or len(place) != count:
            return None
        ranked.append([moments[at] for at in sorted(moments)])
    return [[place[rank] for place in ranked] for rank in range(count)]


def _complete(by_place: Sequence[Sequence[Slice]], name: str, points: Sequence[float]) -> bool:
    return all(sorted(one.times[name] or 0.0 for one in place) == list(points) for place in by_place)


def _unique(by_place: Sequence[Sequence[Slice]], name: str) -> bool:
    return all(len({one.times[name] for one in place}) == len(place) for place in by_place)


def _at(place: Sequence[Slice], name: str, point: float) -> Slice:
    return next(one for one in place if one.times[name] == point)


def _missing_in_time(by_place: Sequence[Sequence[Slice]], name: str, points: Sequence[float]) -> str:
    counts = {point: sum(one.times[name] == point for place in by_place for one in place) for point in points}
    few = [index + 1 for index, point in enumerate(points) if counts[point] < len(by_place)]
    return (
        f"Slices are missing: there are {len(points)} time points of {len(by_place)} slices, but time point "
        f"{few[0]} has only {counts[points[few[0] - 1]]} of them."
    )


def told_apart(by_place: Sequence[Sequence[Slice]]) -> list[list[Slice]] | None:
    """Part slices that lie at the same places by what else differs between them, or None if nothing does.

    A trait is accepted when within each of its values no two slices share a place; if no single one does it, all
    together are tried, then the folders that the files lie in, and then files of slices at many places, one volume each.
    """
    names = list(by_place[0][0].traits)
    most = max(map(len, by_place))
    for chosen in [*([name] for name in names), names, [FOLDER], [FILE]]:
        parts: dict[tuple[str | None, ...], list[Slice]] = defaultdict(list)
        for place in by_place:
            for one in place:
                parts[_traits_of(one, chosen)].append(one)
        apart = all(len({_traits_of(one, chosen) for one in place}) == len(place) for place in by_place)
        one_volume_each = chosen != [FILE] or (len(parts) == most and len(by_place) > 1)
        if chosen and apart and one_volume_each and len(parts) > 1:
            return [parts[key] for key in sorted(parts, key=_trait_order)]
    return None


def pictures_apart(by_place: Sequence[Sequence[Slice]]) -> list[list[Slice]] | None:
    """Part slices that all lie at one place into pictures, if each is a file of its own."""
    (place, *others) = by_place
    return None if others or len(files_of(place)) < len(place) else [[one] for one in place]


def _traits_of(one: Slice, names: Sequence[str]) -> tuple[str | None, ...]:
    of_file = {FILE: one.file, FOLDER: posixpath.dirname(one.file)}
    return tuple(of_file.get(name) or one.traits.get(name) for name in names)


def _trait_order(key: Sequence[str | None]) -> tuple[object, ...]:
    return tuple(natural_order(value or "") for value in key)


def same_place_reason(by_place: Sequence[Sequence[Slice]]) -> str:
    """Return the sentence for slices that share a place without anything to tell them apart, or not everywhere."""
    if any(_differ(by_place, moment) for moment in MOMENTS):
        few = min(by_place, key=len)
        return (
            f"Slices are missing: there are {max(map(len, by_place))} time points, but only {len(few)} of them where "
            f"{few[0].file} lies."
        )
    crowd = next(place for place in by_place if len(place) > 1)
    names = files_of(crowd)
    where = f"frames of {names[0]}" if len(names) == 1 else f"the files {name_list(names)}"
    return f"Several slices lie at the same place and nothing tells them apart: {where}."


def _differ(by_place: Sequence[Sequence[Slice]], moment: Callable[[Slice], float | None]) -> bool:
    """Tell whether slices at one place differ in a moment that all have."""
    return all(
        None not in (at := {moment(one) for one in place}) and len(at) == len(place) for place in by_place
    )
