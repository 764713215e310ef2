"""What can tell frames at one place apart: how the scanner was set, and whatever else a file counts its frames by."""

from pydicom import Dataset
from pydicom.datadict import tag_for_keyword

from ingest_worker.adapters.readers.dicom_groups import Groups
from ingest_worker.adapters.readers.dicom_values import first_items, text, values
from ingest_worker.domain.same_place import ACQUISITION, IMAGE_TYPE, SERIES

PLACE_AND_TIME = frozenset(
    map(
        tag_for_keyword,
        (
            "StackID",
            "InStackPositionNumber",
            "ImagePositionPatient",
            "ImagePositionVolume",
            "TemporalPositionIndex",
        ),
    )
)
"""What dimensions of a file may point at that tells no volumes apart (PS3.3 C.7.6.17)."""


def traits_of(groups: Groups) -> dict[str, str | None]:
    """Return the traits of a frame by their names for people, best first."""
    top, content = groups.top, groups.holding("FrameContentSequence")
    diffusion = groups.holding("MRDiffusionSequence")
    direction = next(first_items(diffusion, "DiffusionGradientDirectionSequence"), diffusion)
    return {
        SERIES: text(top, "SeriesInstanceUID"),
        ACQUISITION: text(content, "FrameAcquisitionNumber") or text(top, "AcquisitionNumber"),
        "echo time": text(groups.holding("MREchoSequence"), "EffectiveEchoTime") or text(top, "EchoTime"),
        "echo number": text(top, "EchoNumbers"),
        "inversion time": _joined(groups.holding("MRModifierSequence"), "InversionTimes")
        or text(top, "InversionTime"),
        "flip angle": text(groups.holding("MRTimingAndRelatedParametersSequence"), "FlipAngle"),
        "tube voltage": text(groups.holding("CTXRayDetailsSequence"), "KVP"),
        "kernel": _joined(groups.holding("CTReconstructionSequence"), "ConvolutionKernel"),
        "b-value": text(diffusion, "DiffusionBValue"),
        "direction of diffusion": _joined(direction, "DiffusionGradientOrientation"),
        "direction of velocity": _joined(
            groups.holding("MRVelocityEncodingSequence"), "VelocityEncodingDirection"
        ),
        IMAGE_TYPE: _image_type(groups),
        "dimension": _other_dimensions(top, content),
    }


def _image_type(groups: Groups) -> str:
    frame_type = groups.find("MRImageFrameTypeSequence")
    if frame_type is None:
        return _joined(groups.top, "ImageType")
    return " ".join([_joined(frame_type, "FrameType"), text(frame_type, "ComplexImageComponent")]).strip()


def _other_dimensions(top: Dataset, content: Dataset) -> str:
    """Return the indices of a frame along the dimensions of its file that are neither place nor time."""
    pointers = [
        next(iter(values(one, "DimensionIndexPointer")), None)
        for one in top.get("DimensionIndexSequence") or []
    ]
    indices = values(content, "DimensionIndexValues")
    if len(indices) != len(pointers):
        return ""
    return "\\".join(
        str(index) for pointer, index in zip(pointers, indices, strict=True) if pointer not in PLACE_AND_TIME
    )


def _joined(dataset: Dataset, keyword: str) -> str:
    return "\\".join(map(str, values(dataset, keyword)))
