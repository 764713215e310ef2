"""What the places of slices are measured from: those of one volume have it in common (DICOM PS3.3 C.7.4.1)."""

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from ingest_worker.domain.slices import Slice

ELSEWHERE = "Other slices of this series are placed in another frame of reference, so that nobody knows where they lie to these."
ONE_EACH = (
    "Slices at different places name different frames of reference, each its own; they were taken for one."
)


class Measured(NamedTuple):
    """Slices whose places can be compared, and what there is to say of that."""

    slices: Sequence[Slice]
    notes: tuple[str, ...] = ()


def measured_alike(slices: Sequence[Slice]) -> list[Measured]:
    """Part slices by their frames of reference.

    After a patient was laid down anew, or moved, the same coordinates are another place. Some scanners, and tools that
    replace identifiers, give each slice a frame of its own though: where none holds two places they say nothing.
    Slices that name none belong to the only one that others name.
    """
    known = {one.frame_of_reference for one in slices} - {""}
    if len(known) < 2 or slices[0].position is None:
        return [Measured(slices)]
    frames: dict[str, list[Slice]] = defaultdict(list)
    for one in slices:
        frames[one.frame_of_reference].append(one)
    if all(len({one.position for one in frame}) == 1 for frame in frames.values()):
        return [Measured(slices, (ONE_EACH,))]
    return [Measured(frame, (ELSEWHERE,)) for frame in frames.values()]
