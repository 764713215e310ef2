"""What slices that lie at the same places are to one another: time points of one volume, or parts of several."""

import posixpath
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import attrgetter
from typing import TypeVar

from ingest_worker.domain.files import name_list, natural_order
from ingest_worker.domain.refusals import Refused
from ingest_worker.domain.slices import Slice, files_of

Moment = TypeVar("Moment", float, str)

FILE, FOLDER = "file", "folder"
"""Tell slices apart like traits, though files do not say them themselves."""

SERIES, ACQUISITION, IMAGE_TYPE = "series", "acquisition", "image type"
UNREADABLE = (SERIES, FILE, FOLDER)
"""Traits that are not told to people: identifiers mean nothing to them, and names of files may be those of patients."""

MOMENTS: tuple[Callable[[Slice], float | None], ...] = (attrgetter("trigger_ms"), attrgetter("reference_ms"))
"""By what slices at one place are put in order of time, best first."""


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


def by_number(by_place: Sequence[Sequence[Slice]]) -> list[list[Slice]] | None:
    """Return one list of slices per time point by the scanner's numbers, or None if these do not tell them apart.

    They do if they count volume after volume, or one place after the other; diffusion of many scanners says how its volumes
    differ in private elements only.
    """
    points = _ranked(by_place, attrgetter("number"))
    return points if points and any(map(_follow_one_another, (points, by_place))) else None


def _follow_one_another(groups: Sequence[Sequence[Slice]]) -> bool:
    """Tell whether the numbers of each group lie all below or all above those of every other."""
    spans = sorted(
        (min(numbers), max(numbers)) for numbers in ([one.number or 0 for one in group] for group in groups)
    )
    return all(low[1] < high[0] for low, high in pairwise(spans))


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


@dataclass(frozen=True)
class Part:
    """Slices that belong together among others at the same places.

    Parameters
    ----------
    difference
        What tells them from the others, in words; "" if that is for nobody to read, such as the names of files.
    """

    slices: list[Slice]
    difference: str = ""


def told_apart(by_place: Sequence[Sequence[Slice]], *, but_by: str = "") -> list[Part] | None:
    """Part slices that lie at the same places by what else differs between them, or None if nothing does.

    A trait is accepted when within each of its values no two slices share a place; if no single one does it, all
    together are tried, then the folders that the files lie in, and then files of slices at many places, one volume each.
    One that every slice has for itself numbers slices, not volumes.

    Parameters
    ----------
    but_by
        A trait that does not count.
    """
    names = [name for name in by_place[0][0].traits if name != but_by]
    count, most = sum(map(len, by_place)), max(map(len, by_place))
    for chosen in [*([name] for name in names), names, [FOLDER], [FILE]]:
        parts: dict[tuple[str | None, ...], list[Slice]] = defaultdict(list)
        for place in by_place:
            for one in place:
                parts[_traits_of(one, chosen)].append(one)
        apart = all(len({_traits_of(one, chosen) for one in place}) == len(place) for place in by_place)
        volumes = len(by_place) == 1 or len(parts) < count
        one_volume_each = chosen != [FILE] or (len(parts) == most and len(by_place) > 1)
        if chosen and apart and volumes and one_volume_each and len(parts) > 1:
            keys = sorted(parts, key=_trait_order)
            return [Part(parts[key], _difference(chosen, key, keys)) for key in keys]
    return None


def kinds_apart(by_place: Sequence[Sequence[Slice]]) -> list[Part] | None:
    """Part slices by their image type, of which every place has as many as every other, or None if all are of one.

    What was computed, such as a map of diffusion, is no further time point of what was measured.
    """
    first, *others = (Counter(_traits_of(one, [IMAGE_TYPE]) for one in place) for place in by_place)
    if len(first) < 2 or any(other != first for other in others):
        return None
    keys = sorted(first, key=_trait_order)
    return [
        Part(
            [one for place in by_place for one in place if _traits_of(one, [IMAGE_TYPE]) == key],
            _difference([IMAGE_TYPE], key, keys),
        )
        for key in keys
    ]


def _difference(names: Sequence[str], own: Sequence[str | None], keys: Sequence[Sequence[str | None]]) -> str:
    differing = [
        (name, value)
        for index, (name, value) in enumerate(zip(names, own, strict=True))
        if name not in UNREADABLE and len({key[index] for key in keys}) > 1
    ]
    return ", ".join(f"{name} {value or 'unknown'}" for name, value in differing)


def pictures_apart(by_place: Sequence[Sequence[Slice]]) -> list[Part] | None:
    """Part slices that all lie at one place into pictures, if each is a file of its own."""
    (place, *others) = by_place
    return None if others or len(files_of(place)) < len(place) else [Part([one]) for one in place]


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
