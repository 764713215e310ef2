"""Turns DICOM headers into frames: where each lies in space and time, and how its stored values become real ones."""

from dataclasses import dataclass
from typing import NamedTuple

from pydicom import Dataset
from pydicom.uid import SegmentationStorage

from ingest_worker.adapters.readers.dicom_groups import Groups
from ingest_worker.adapters.readers.dicom_headers import DicomHeader
from ingest_worker.adapters.readers.dicom_places import placed
from ingest_worker.adapters.readers.dicom_spacing import pixel_shape, pixel_spacing, ultrasound_spacing
from ingest_worker.adapters.readers.dicom_traits import traits_of
from ingest_worker.adapters.readers.dicom_values import (
    first_items,
    number,
    orientation,
    position,
    text,
    values,
    whole_number,
)
from ingest_worker.domain.budget import LARGEST_DEFLATE_RATIO
from ingest_worker.domain.geometry import Vector
from ingest_worker.domain.refusals import Refused
from ingest_worker.domain.slices import Assumed, Orientation, Slice

MOST_FRAMES = 1_000_000
FRAGMENT_HEADER_BYTES = 8
LABEL_MAP_SEGMENTATION = "1.2.840.10008.5.1.4.1.1.66.7"
SEGMENTATIONS = (SegmentationStorage, LABEL_MAP_SEGMENTATION)


@dataclass(frozen=True)
class Rescale:
    """Stored value times slope plus intercept is the real value (PS3.3 C.11.1)."""

    slope: float = 1.0
    intercept: float = 0.0

    @property
    def is_identity(self) -> bool:
        return (self.slope, self.intercept) == (1.0, 0.0)

    @property
    def is_integral(self) -> bool:
        return self.slope.is_integer() and self.intercept.is_integer()

    def of(self, stored: float) -> float:
        return stored * self.slope + self.intercept


class Frame(NamedTuple):
    """One frame of a DICOM file."""

    slice: Slice
    rescale: Rescale


def frame_count(header: DicomHeader) -> int:
    """Return how many frames the file announces; where it says zero, one is meant.

    Raises
    ------
    Refused
        The number is none, or more than so short a file can hold; each frame costs memory before it is read.
    """
    count = whole_number(header.dataset, "NumberOfFrames")
    if values(header.dataset, "NumberOfFrames") and (count is None or not 0 <= count <= MOST_FRAMES):
        raise Refused(f"The number of frames in {header.file.base_name} is not usable.")
    if count and count > 1 and count * _least_bytes(header) > header.file.path.stat().st_size:
        raise Refused(f"The file {header.file.base_name} is too short for the {count} frames it announces.")
    return count or 1


def _least_bytes(header: DicomHeader) -> int:
    """Return the fewest bytes a frame can take in this file."""
    pixels = (whole_number(header.dataset, "Rows") or 1) * (whole_number(header.dataset, "Columns") or 1)
    if header.pixels.offset is None:
        return pixels // LARGEST_DEFLATE_RATIO
    if header.pixels.length is None:
        return FRAGMENT_HEADER_BYTES
    return pixels // 8 if whole_number(header.dataset, "BitsAllocated") == 1 else pixels


def slice_distance(header: DicomHeader) -> float | None:
    """Return what a file says of the distance of its slices; negative if they are stored against their normal."""
    own, shared = (
        next(first_items(header.dataset, keyword), None)
        for keyword in ("PerFrameFunctionalGroupsSequence", "SharedFunctionalGroupsSequence")
    )
    measures = Groups(header.dataset, shared, own, single=False).holding("PixelMeasuresSequence")
    return number(measures, "SpacingBetweenSlices") or number(header.dataset, "SpacingBetweenSlices") or None


def frames_of(header: DicomHeader, *, channels: int) -> list[Frame]:
    """Return the frames of a file in stored order.

    Parameters
    ----------
    channels
        Of the image they will become.
    """
    count = frame_count(header)
    _require_no_tiles(header)
    own: list[Dataset | None] = list(header.dataset.get("PerFrameFunctionalGroupsSequence") or [])
    if own and len(own) != count:
        raise Refused(f"The file {header.file.base_name} announces {count} frames but describes {len(own)}.")
    shared = next(first_items(header.dataset, "SharedFunctionalGroupsSequence"), None)
    frames = [
        _frame(header, index, Groups(header.dataset, shared, group, single=count == 1), channels)
        for index, group in enumerate(own or [None] * count)
    ]
    slices = placed(header, [frame.slice for frame in frames])
    return [frame._replace(slice=one) for frame, one in zip(frames, slices, strict=True)]


def _require_no_tiles(header: DicomHeader) -> None:
    """Refuse frames that are tiles of one plane, such as segments of a slide (PS3.3 C.7.6.17.3): they are no slices."""
    for whole, side in (("TotalPixelMatrixRows", "Rows"), ("TotalPixelMatrixColumns", "Columns")):
        if (whole_number(header.dataset, whole) or 0) > (whole_number(header.dataset, side) or 0):
            raise Refused(
                f"The frames of {header.file.base_name} are tiles of a larger image, which cannot be imported."
            )


def _frame(header: DicomHeader, index: int, groups: Groups, channels: int) -> Frame:
    name, top = header.file.base_name, groups.top
    content = groups.holding("FrameContentSequence")
    place = _place(groups, name)
    size = pixel_spacing(groups.holding("PixelMeasuresSequence")) or ultrasound_spacing(top)
    shape = None if size else pixel_shape(top)
    return Frame(
        Slice(
            file=header.file.name,
            frame=index,
            shape=(whole_number(top, "Rows"), whole_number(top, "Columns"), channels, header.pixels.kind),
            number=whole_number(top, "InstanceNumber"),
            position=place.position,
            orientation=place.orientation,
            pixel_spacing=size or shape,
            frame_of_reference=text(top, "FrameOfReferenceUID"),
            stack=f"{text(content, 'StackID')} {_segment(groups, header)}".strip(),
            owner=text(top, "PatientID") or text(top, "PatientName"),
            born=text(top, "PatientBirthDate"),
            times=_times(groups, content),
            trigger_ms=_trigger(groups),
            reference_ms=number(top, "FrameReferenceTime"),  # PS3.3 C.8.9.4
            acquired=text(content, "FrameAcquisitionDateTime")
            or text(top, "AcquisitionDate") + text(top, "AcquisitionTime"),
            traits=traits_of(groups),
            assumed=(*place.assumed, *(Assumed.SHAPE,) * bool(shape)),
            is_sparse=channels == 1 and top.get("SOPClassUID") in SEGMENTATIONS,
        ),
        _rescale(groups.holding("PixelValueTransformationSequence"), top),
    )


@dataclass(frozen=True)
class _Place:
    position: Vector | None
    orientation: Orientation | None
    assumed: tuple[Assumed, ...] = ()


def _place(groups: Groups, name: str) -> _Place:
    """Return where a frame lies: in the patient, else in the volume that an ultrasound transducer sees (PS3.3 C.8.24.3)."""
    inside = groups.find("PlanePositionVolumeSequence")
    if inside is None or groups.find("PlanePositionSequence"):
        axes = orientation(groups.holding("PlaneOrientationSequence"), name)
        return _Place(position(groups.plane, name), axes)
    turned = groups.find("PlaneOrientationVolumeSequence") or Dataset()
    axes = orientation(turned, name, "ImageOrientationVolume")
    return _Place(position(inside, name, "ImagePositionVolume"), axes, (Assumed.TRANSDUCER,))


def _times(groups: Groups, content: Dataset) -> dict[str, float | None]:
    return {
        "index": number(content, "TemporalPositionIndex"),
        "identifier": number(groups.top, "TemporalPositionIdentifier"),
        "offset": number(groups.holding("TemporalPositionSequence"), "TemporalPositionTimeOffset"),
    }


def _trigger(groups: Groups) -> float | None:
    heart = groups.find("CardiacSynchronizationSequence")
    return number(heart, "NominalCardiacTriggerDelayTime") if heart else number(groups.top, "TriggerTime")


def _segment(groups: Groups, header: DicomHeader) -> str:
    """Return which segment of which file a frame shows: each is a mask of its own."""
    segment = groups.find("SegmentIdentificationSequence")
    return f"{header.file.name} {text(segment, 'ReferencedSegmentNumber')}" if segment else ""


def _rescale(transformation: Dataset, dataset: Dataset) -> Rescale:
    if values(dataset, "ModalityLUTSequence"):
        return Rescale()  # that and these exclude each other (PS3.3 C.11.1.1)
    dose = number(dataset, "DoseGridScaling")
    if dose is not None:
        return Rescale(dose, 0.0)
    slope, intercept = number(transformation, "RescaleSlope"), number(transformation, "RescaleIntercept")
    return Rescale(1.0 if slope in (None, 0.0) else slope or 1.0, intercept or 0.0)
