"""Slices at one height that do not lie above one another: fields of view side by side, such as the stations of a whole body."""

import math
from collections.abc import Iterable, Sequence

from ingest_worker.domain.geometry import dot
from ingest_worker.domain.slices import HEAD_FIRST, Slice

MOST_STATIONS = 100
"""Each slice is compared with every one."""

SIDEWAYS_PIXELS = 0.25
"""A slice may lie this many pixels beside the line of the others: positions are often rounded to 0.1 mm."""

Across = tuple[float, float]


def sideways_mm(one: Slice) -> float:
    """Return how far slices may lie beside their line."""
    return SIDEWAYS_PIXELS * min(one.pixel_spacing or (1.0, 1.0))


def stations(by_place: Sequence[Sequence[Slice]]) -> list[list[Slice]] | None:
    """Part slices into stacks side by side, or return None if they stand in a single one, or in none.

    The fullest height shows where each of them stands. It does not if every slice is shifted against the one below (a
    tilted gantry), which is no reason to part them.
    """
    slack = sideways_mm(by_place[0][0])
    centres = max((_apart(map(_across, place), slack) for place in by_place), key=len)
    if not 1 < len(centres) <= MOST_STATIONS:
        return None
    found: list[list[Slice]] = [[] for _ in centres]
    for one in (one for place in by_place for one in place):
        home = _home(_across(one), centres, slack)
        if home is None:
            return None
        found[home].append(one)
    return found


def _across(one: Slice) -> Across:
    """Return where a slice lies along its rows and columns."""
    row, column = one.orientation or HEAD_FIRST
    where = one.position or (0.0, 0.0, 0.0)
    return dot(where, row), dot(where, column)


def _apart(found: Iterable[Across], slack: float) -> list[Across]:
    """Return the different ones of places beside one another, up to one more than there may be."""
    centres: list[Across] = []
    for at in found:
        if len(centres) <= MOST_STATIONS and _home(at, centres, slack) is None:
            centres.append(at)
    return centres


def _home(at: Across, centres: Sequence[Across], slack: float) -> int | None:
    near = (index for index, centre in enumerate(centres) if math.dist(at, centre) <= slack)
    return next(near, None)
