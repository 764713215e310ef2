"""Where frames lie that have no functional groups to say it: dose grids, nuclear medicine, and other files of old.

Such a file says at most where its first frame lies and how the others follow. What it leaves open is assumed as ITK
does, and noted.
"""

from collections.abc import Sequence
from typing import Final

from pydicom import Dataset
from pydicom.uid import NuclearMedicineImageStorage

from ingest_worker.adapters.readers.dicom_headers import DicomHeader
from ingest_worker.adapters.readers.dicom_values import (
    number,
    numbers,
    orientation,
    position,
    values,
)
from ingest_worker.domain.geometry import Vector, beyond, cross
from ingest_worker.domain.refusals import Refused
from ingest_worker.domain.slices import (
    HEAD_FIRST,
    SAME_ORIENTATION,
    SAME_PLACE_MM,
    Assumed,
    Orientation,
    Slice,
)

NOWHERE: Final = (0.0, 0.0, 0.0)
ASSUMED_STEP_MM: Final = 1.0
PARTS: Final = ("EnergyWindowVector", "DetectorVector", "RRIntervalVector")
"""What tells the volumes in one file of nuclear medicine apart."""
TURNING: Final = ("RotationVector", "AngularViewVector")
"""What tells the views of a turning detector apart."""
MOMENT: Final = "slot"


def placed(header: DicomHeader, frames: Sequence[Slice]) -> list[Slice]:
    """Return the frames of a file with their places, as far as it says more about them than it does frame by frame.

    Frames that are not placed one by one never belong to a volume with those of another file.
    """
    if header.dataset.get("SOPClassUID") == NuclearMedicineImageStorage:
        return _nuclear(header, frames)
    if len(frames) == 1 or any(one.position is not None for one in frames):
        return list(frames)
    name = header.file.base_name
    return _in_a_row(
        header.dataset, frames, position(header.dataset, name), orientation(header.dataset, name)
    )


def _in_a_row(
    dataset: Dataset, frames: Sequence[Slice], start: Vector | None, axes: Orientation | None
) -> list[Slice]:
    """Place frames behind the first as far as the dose grid says, else in even steps."""
    frames = [one._replace(stack=f"{one.file} {one.stack}", orientation=axes) for one in frames]
    if start is None:
        return frames
    axes = axes or HEAD_FIRST
    if offsets := _offsets(dataset, frames, start, axes):
        return [_placed(one, start, axes, at) for one, at in zip(frames, offsets, strict=True)]
    step, doubts = _step(dataset)
    return [_placed(one, start, axes, rank * step, Assumed.ORDER, *doubts) for rank, one in enumerate(frames)]


def _offsets(dataset: Dataset, frames: Sequence[Slice], start: Vector, axes: Orientation) -> list[float]:
    """Return how far a dose grid's planes lie behind its first one, nothing if it does not say it (PS3.3 C.8.8.3.2).

    They are told along the normal from zero on, or, of transverse planes, by their z, against which the normal may point.

    Raises
    ------
    Refused
        It is said of more or fewer planes than there are.
    """
    found = numbers(dataset, "GridFrameOffsetVector")
    if len(found) != len(frames):
        if values(dataset, "GridFrameOffsetVector"):
            raise Refused(
                f"The file {frames[0].file} has {len(frames)} planes of dose, but says of {len(found)} where they lie."
            )
        return []
    along_z = cross(*axes)[2]
    is_z = found[0] != 0 and abs(found[0] - start[2]) <= SAME_PLACE_MM and abs(along_z) > 1 - SAME_ORIENTATION
    towards = -1.0 if is_z and along_z < 0 else 1.0
    return [(at - found[0]) * towards for at in found]


def _placed(one: Slice, start: Vector, axes: Orientation, offset_mm: float, *assumed: Assumed) -> Slice:
    where = beyond(start, cross(*axes), offset_mm)
    return one._replace(position=where, orientation=axes, assumed=(*one.assumed, *assumed))


def _step(dataset: Dataset) -> tuple[float, tuple[Assumed, ...]]:
    """Return the distance of slices; a negative one leads in front of the first slice (PS3.3 C.8.4.15)."""
    distance, thickness = number(dataset, "SpacingBetweenSlices"), number(dataset, "SliceThickness")
    if distance:
        return distance, ()
    if thickness and dataset.get("SOPClassUID") == NuclearMedicineImageStorage:
        return thickness, (Assumed.THICKNESS,)
    return ASSUMED_STEP_MM, (Assumed.DISTANCE,)


def _nuclear(header: DicomHeader, frames: Sequence[Slice]) -> list[Slice]:
    """Place frames by what their detectors say of the first, and by the slice that each shows (PS3.3 C.8.4.8, C.8.4.11)."""
    dataset, name = header.dataset, header.file.base_name
    detectors = list(dataset.get("DetectorInformationSequence") or [dataset])
    start, axes = position(detectors[0], name), orientation(detectors[0], name)
    if len(frames) == 1:
        return [frames[0]._replace(position=start, orientation=axes)]
    parted = _parted(dataset, frames)
    ranks = _vector(dataset, "SliceVector", len(frames))
    if not ranks:
        if _pass_by(dataset, parted):
            seen_by = _which(dataset, len(frames), len(detectors))
            return [_seen(one, detectors, which, name) for one, which in zip(parted, seen_by, strict=True)]
        return _in_a_row(dataset, _turning(dataset, frames), start, axes)
    step, doubts = _step(dataset)
    if start is None or axes is None:
        start, axes, doubts = start or NOWHERE, axes or HEAD_FIRST, (*doubts, Assumed.PLACE)
    return [
        _placed(one, start, axes, (rank - ranks[0]) * step, *doubts)
        for one, rank in zip(parted, ranks, strict=True)
    ]


def _pass_by(dataset: Dataset, parted: Sequence[Slice]) -> bool:
    """Tell whether frames show one view as time goes by: neither slices nor views from around the patient."""
    if MOMENT not in parted[0].times or _is_turning(dataset, parted):
        return False
    return len({(one.stack, one.times[MOMENT]) for one in parted}) == len(parted)


def _is_turning(dataset: Dataset, frames: Sequence[Slice]) -> bool:
    return any(_vector(dataset, keyword, len(frames)) for keyword in TURNING)


def _turning(dataset: Dataset, frames: Sequence[Slice]) -> Sequence[Slice]:
    """Return the frames, with a note if their detector turned around the patient meanwhile."""
    if not _is_turning(dataset, frames):
        return frames
    return [one._replace(assumed=(*one.assumed, Assumed.VIEWS)) for one in frames]


def _which(dataset: Dataset, frames: int, detectors: int) -> list[int | None]:
    """Return the index of the detector that saw each frame; None where it is one of several and nothing says which."""
    found = _vector(dataset, "DetectorVector", frames)
    if not found:
        return [0 if detectors == 1 else None] * frames
    return [int(number) - 1 if 1 <= number <= detectors else None for number in found]


def _seen(one: Slice, detectors: Sequence[Dataset], which: int | None, name: str) -> Slice:
    """Return a frame at the place of its detector; at that of the first, with a note, if it is not known."""
    detector = detectors[which or 0]
    start, axes = position(detector, name), orientation(detector, name)
    doubts = (Assumed.DETECTOR,) * (which is None) + (Assumed.PLACE,) * (start is None or axes is None)
    return _placed(one, start or NOWHERE, axes or HEAD_FIRST, 0.0, *doubts)


def _parted(dataset: Dataset, frames: Sequence[Slice]) -> list[Slice]:
    """Tell the volumes in one file apart, and the moments of each (PS3.3 C.8.4.8.1)."""
    parts = [vector for keyword in PARTS if (vector := _vector(dataset, keyword, len(frames)))]
    moments = _moments(dataset, len(frames))
    return [
        one._replace(
            stack=" ".join([one.file, *(str(vector[index]) for vector in parts)]),
            times={**one.times, MOMENT: moments[index]} if moments else one.times,
        )
        for index, one in enumerate(frames)
    ]


def _moments(dataset: Dataset, count: int) -> list[float]:
    """Return when frames were taken as numbers in order: phases of the heart, else steps in the phases of a dynamic study."""
    if slots := _vector(dataset, "TimeSlotVector", count):
        return slots
    steps = _vector(dataset, "TimeSliceVector", count)
    phases = _vector(dataset, "PhaseVector", count) or [1.0] * count
    pairs = list(zip(phases, steps, strict=True)) if steps else []
    ranks = {pair: float(rank) for rank, pair in enumerate(sorted(set(pairs)))}
    return [ranks[pair] for pair in pairs]


def _vector(dataset: Dataset, keyword: str, count: int) -> list[float]:
    """Return a number for each frame, nothing if there are more or fewer."""
    found = numbers(dataset, keyword)
    return found if len(found) == count else []
