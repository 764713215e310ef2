"""Single slices as a scanner writes them, and which of them can belong to one volume."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, NamedTuple, TypeAlias

from ingest_worker.domain.files import natural_order
from ingest_worker.domain.geometry import Vector

Orientation: TypeAlias = tuple[Vector, Vector]

SAME_ORIENTATION = 1e-3
"""Direction cosines closer than this are one orientation: scanners round them to three digits and more."""

SAME_PLACE_MM = 1e-3
SAME_PLACE_PIXELS = 0.01
"""Slices nearer to one another than one of these lie at the same place: time points differ by what positions are rounded to."""

SAME_SPACING_MM = 1e-3

NEARLY_ORIENTATION, NEARLY_SPACING_MM = 0.02, 0.02
"""One degree, and what files of one scan may be rounded or averaged by: slices that differ so were meant for one volume."""

HEAD_FIRST: Orientation = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0))
"""Rows and columns of an axial slice, where nothing is said of them."""

NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


class Assumed(StrEnum):
    """What a file leaves open of its slices; the value is the note on it."""

    PLACE = "The file does not say where its slices lie; the first was placed at the origin."
    DETECTOR = "The file does not say which of its detectors saw each view; they were placed where the first one was."
    ORDER = "Only the first frame carries a position; the others were placed behind it in their stored order."
    VIEWS = "The frames are views from around the patient (projections), no slices of a volume."
    TRANSDUCER = "The file says where its slices lie to one another, but not where in the patient."
    DISTANCE = "The file does not say how far its slices are apart."
    TIME = "Nothing but when they were acquired tells slices at one place apart; they were taken for time points."
    NUMBERS = "Slices at one place were told apart by their numbers alone, and taken for time points."
    THICKNESS = "The file does not say how far its slices are apart; their thickness was taken."
    SHAPE = "The file does not say how large a pixel is, only how its height relates to its width."
    OWNER = (
        "Some files of this series do not say whose they are; they were taken for those of the same patient."
    )


class Slice(NamedTuple):
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
    frame_of_reference
        What its place is measured from, as an identifier; "" if the file does not say it.
    stack
        The scanner's own name for the stack it belongs to, and for the segment it shows.
    owner
        Whose it is, as the file says it, "" if it does not: slices of two patients never make a volume.
    born
        When the patient was, as the file says it.
    times
        Possible time axes by name, best first, on which slices of one time point share their value.
    trigger_ms
        Delay after the heart beat; slices of one phase may differ in it.
    reference_ms
        Time of dynamic PET; each of its beds has its own.
    acquired
        When, as DICOM's texts of date and time, which sort by time.
    traits
        What else can tell slices at one place apart, by its name for people, best first: acquisition, echo time, ...
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
    frame_of_reference: str = ""
    stack: str = ""
    owner: str = ""
    born: str = ""
    times: Mapping[str, float | None] = NOTHING
    trigger_ms: float | None = None
    reference_ms: float | None = None
    acquired: str = ""
    traits: Mapping[str, str | None] = NOTHING
    assumed: tuple[Assumed, ...] = ()
    is_sparse: bool = False
    is_empty: bool = False

    def __repr__(self) -> str:
        return f"Slice({self.file!r}, {self.frame})"  # not whose it is

    @property
    def order(self) -> tuple[object, ...]:
        """The order in which slices are looked at: by file name, then frame."""
        return (natural_order(self.file), self.frame)


def files_of(slices: Iterable[Slice]) -> tuple[str, ...]:
    """Return the names of the files these slices come from, sorted."""
    return tuple(sorted({one.file for one in slices}, key=natural_order))


def with_owner(slices: Sequence[Slice]) -> Sequence[Slice]:
    """Return the slices of one series, those without owner as the other ones' if these are of one patient.

    An identifier of the patient may be empty (type 2 in PS3.3 C.7.1.1), and a series is of one patient (PS3.3 A.1.2); where
    files say of themselves that it is not, nobody knows whose the silent ones are.
    """
    slices = _by_birth(slices)
    owners = {one.owner for one in slices}
    known = owners - {""}
    if len(known) != 1 or known == owners:
        return slices
    (owner,) = known
    return [
        one if one.owner else one._replace(owner=owner, assumed=(*one.assumed, Assumed.OWNER))
        for one in slices
    ]


def _by_birth(slices: Sequence[Slice]) -> Sequence[Slice]:
    """Return the slices, those without owner that were born on another day than all owners as somebody else's."""
    births = {one.born for one in slices if one.owner} - {""}
    if not births and any(one.owner for one in slices):
        return slices
    return [
        one if one.owner or not one.born or one.born in births else one._replace(owner=one.born)
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


def nearly_alike(first: Slice, other: Slice) -> bool:
    """Tell whether slices differ so little that a reader would expect them in one volume."""
    return _fits(first, other, orientation=NEARLY_ORIENTATION, spacing_mm=NEARLY_SPACING_MM)


def _fits(
    first: Slice, other: Slice, *, orientation: float = SAME_ORIENTATION, spacing_mm: float = SAME_SPACING_MM
) -> bool:
    return (
        (first.owner, first.stack, first.shape) == (other.owner, other.stack, other.shape)
        and (first.position is None) == (other.position is None)
        and (
            first.orientation is other.orientation  # as where headers say the same
            or _close(_flat(first.orientation), _flat(other.orientation), orientation)
        )
        and _close(first.pixel_spacing, other.pixel_spacing, spacing_mm)
    )


def _flat(orientation: Orientation | None) -> tuple[float, ...] | None:
    return None if orientation is None else (*orientation[0], *orientation[1])


def _close(a: Sequence[float] | None, b: Sequence[float] | None, tolerance: float) -> bool:
    if a is None or b is None or a is b:
        return a is b
    return all(abs(x - y) <= tolerance for x, y in zip(a, b, strict=True))


def places(slices: Sequence[Slice], heights: Sequence[float]) -> list[list[Slice]]:
    """Return the slices by place along the normal, lowest first; slices at one place keep their order.

    Parameters
    ----------
    heights
        Of each slice, along the normal.
    """
    same_mm = max(SAME_PLACE_MM, SAME_PLACE_PIXELS * min(slices[0].pixel_spacing or (0.0,)))
    found: list[list[Slice]] = []
    last = float("-inf")
    for height, one in sorted(zip(heights, slices, strict=True), key=lambda pair: pair[0]):
        if height - last > same_mm:
            found.append([])
            last = height
        found[-1].append(one)
    return [sorted(place, key=lambda each: each.order) for place in found]
