"""What a DICOM volume is called, shows, and belongs to."""

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from pydicom import Dataset
from pydicom.datadict import dictionary_VR, keyword_for_tag
from pydicom.uid import ParametricMapStorage

from ingest_worker.adapters.readers.dicom_frames import Rescale
from ingest_worker.adapters.readers.dicom_headers import PARSING_ERRORS, DicomHeader
from ingest_worker.adapters.readers.dicom_samples import SampleFormat, inverted_center
from ingest_worker.adapters.readers.dicom_spacing import UNKNOWN, remark_on_spacing
from ingest_worker.adapters.readers.dicom_values import (
    CONVERSION_ERRORS,
    as_list_text,
    first_items,
    number,
    numbers,
    text,
    values,
)
from ingest_worker.domain.embedded_metadata import FIELDS, described
from ingest_worker.domain.images import EyeChoice, ImageMetadata
from ingest_worker.domain.layouts import VolumeLayout
from ingest_worker.domain.naming import segment_name, series_name
from ingest_worker.domain.slice_grid import Stack
from ingest_worker.domain.slices import Assumed

EYES = {"R": EyeChoice.OD, "L": EyeChoice.OS}
OVERLAYS, OVERLAY_DATA, OVERLAY_BIT = range(0x6000, 0x6020, 2), 0x3000, 0x0102  # PS3.3 C.9.2
MOSAIC = "MOSAIC"
"""Siemens' word in the type of an image, with the volumes of which functional MR is made."""
SIDE_BY_SIDE = "This picture is a mosaic: the slices of a volume stand side by side in it, and were left so."
BLACK_OR_WHITE = (
    "The file contradicts itself on whether its lowest value is black (MONOCHROME2) or white (INVERSE); it was taken for "
    "black."
)
"""These exclude each other (PS3.3 C.8.11.3)."""
OPHTHALMIC = ("OP", "OPT", "OPTBSV", "OPTENF", "OPM", "OCT")


@dataclass(frozen=True)
class Description:
    """Everything but the pixels."""

    name: str
    metadata: ImageMetadata
    header_fields: dict[str, str]
    notes: tuple[str, ...]


def describe(
    stack: Stack,
    layout: VolumeLayout,
    headers: Mapping[str, DicomHeader],
    form: SampleFormat,
    rescale: Rescale,
) -> Description:
    """Describe a volume by its first slice, and the patient by the first that tells who it is.

    Parameters
    ----------
    headers
        Of the volume's files by name.
    form, rescale
        Of the first slice, which the window follows through inversion.
    """
    header = headers[stack.slices[0].file]
    dataset = header.own_dataset()
    texts = {keyword: text(dataset, keyword) for keyword in FIELDS} | _patient(dataset, headers.values())
    texts["StudyInstanceUID"] = texts["StudyInstanceUID"] or _study(headers.values())
    texts |= _display(stack, dataset, form, rescale) | _over_time(stack, headers)
    pixel_size, slice_distance = stack.spacing_known
    plain = layout.metadata(pixel_size_known=pixel_size, slice_distance_known=slice_distance)
    found = described(plain, texts)
    return Description(
        name=_name(header, dataset, len(headers), stack.slices[0].frame),
        metadata=replace(found.metadata, eye_choice=_eye(dataset, stack.slices[0].frame)),
        header_fields=found.header_fields,
        notes=(*stack.notes, *found.notes, *_remarks(stack, dataset, headers.values())),
    )


def _patient(dataset: Dataset, headers: Iterable[DicomHeader]) -> dict[str, str]:
    """Return what is said of the patient where that file says it, which may be another one than the first."""
    if text(dataset, "PatientID"):
        return {}
    telling = next((header for header in headers if text(header.dataset, "PatientID")), None)
    if telling is None:
        return {}
    patient = telling.own_dataset()
    return {keyword: text(patient, keyword) for keyword in FIELDS if keyword.startswith("Patient")}


def _study(headers: Iterable[DicomHeader]) -> str:
    """Return the study as the first file that names it has it."""
    return next((found for header in headers if (found := text(header.dataset, "StudyInstanceUID"))), "")


def _name(header: DicomHeader, dataset: Dataset, files: int, frame: int) -> str:
    for shown in _frame_groups(dataset, frame, "SegmentIdentificationSequence"):
        return segment_name(header.file.base_name, *_segment(dataset, text(shown, "ReferencedSegmentNumber")))
    if files == 1:
        return header.file.base_name
    return series_name(
        description=text(dataset, "SeriesDescription"),
        modality=text(dataset, "Modality"),
        series_uid=text(dataset, "SeriesInstanceUID"),
    )


def _segment(dataset: Dataset, number: str) -> tuple[str, str]:
    """Return a segment's number and what the file calls it."""
    described = [
        item for item in dataset.get("SegmentSequence") or [] if text(item, "SegmentNumber") == number
    ]
    return number, text(described[0], "SegmentLabel") if described else ""


def _display(stack: Stack, dataset: Dataset, form: SampleFormat, rescale: Rescale) -> dict[str, str]:
    """Return window, slice thickness and laterality as header texts."""
    frame = stack.slices[0].frame
    window = next((one for one in _frame_groups(dataset, frame, "FrameVOILUTSequence")), dataset)
    measures = next((one for one in _frame_groups(dataset, frame, "PixelMeasuresSequence")), dataset)
    centers = [inverted_center(center, form, rescale) for center in numbers(window, "WindowCenter")]
    widths = numbers(window, "WindowWidth")
    found = {
        "Laterality": text(dataset, "Laterality") or _side(dataset, frame),
        "SliceThickness": as_list_text(numbers(measures, "SliceThickness")[:1]),
    }
    if len(centers) == len(widths):
        found |= {"WindowCenter": as_list_text(centers), "WindowWidth": as_list_text(widths)}
    return found


def _frame_groups(dataset: Dataset, frame: int, keyword: str) -> Iterator[Dataset]:
    """Yield the frame's own functional group, then the shared one."""
    groups = dataset.get("PerFrameFunctionalGroupsSequence")
    if groups:
        yield from first_items(groups[frame], keyword)
    for shared in first_items(dataset, "SharedFunctionalGroupsSequence"):
        yield from first_items(shared, keyword)


def _over_time(stack: Stack, headers: Mapping[str, DicomHeader]) -> dict[str, str]:
    """Return when, and with what exposure, each time point was taken, if every one of them says so."""
    if stack.timepoints is None:
        return {}
    firsts = [headers[one.file] for one in stack.slices[:: stack.depth]]
    times = [header.own_text("ContentTime") for header in firsts]
    exposures = [header.own_text("Exposure") for header in firsts]
    found = {}
    if all(times):
        found["ContentTimes"] = " ".join(times)
    if all(exposures):
        found["Exposures"] = " ".join(exposures)
    return found


def _eye(dataset: Dataset, frame: int) -> EyeChoice:
    if text(dataset, "Modality") not in OPHTHALMIC:
        return EyeChoice.NOT_APPLICABLE
    return EYES.get(_side(dataset, frame), EyeChoice.UNKNOWN)


def _side(dataset: Dataset, frame: int) -> str:
    """Return which of a pair of organs is shown, where the file says it: tomosynthesis only does with its frames."""
    of_frame = next(
        (text(one, "FrameLaterality") for one in _frame_groups(dataset, frame, "FrameAnatomySequence")), ""
    )
    return text(dataset, "ImageLaterality") or text(dataset, "Laterality") or of_frame


def _remarks(stack: Stack, dataset: Dataset, headers: Iterable[DicomHeader]) -> tuple[str, ...]:
    first = stack.slices[0]
    measures = next(_frame_groups(dataset, first.frame, "PixelMeasuresSequence"), dataset)
    known = remark_on_spacing(measures) if stack.spacing_known[0] else UNKNOWN
    remarks = [known] if known and Assumed.SHAPE not in first.assumed else []
    kinds = {id(header.dataset): header.dataset for header in headers}.values()
    if any(map(_has_overlays, kinds)):
        remarks.append("The file has graphics to be shown above its pixels (overlays), which were left out.")
    if MOSAIC in values(dataset, "ImageType"):
        remarks.append(SIDE_BY_SIDE)
    remarks += [*_unapplied(dataset, first.frame), *_contradicted(dataset)]
    if first.position is None and stack.slices[-1].frame > 0:
        remarks.append("The frames carry no positions and were stacked as slices in their stored order.")
    return tuple(remarks)


def _unapplied(dataset: Dataset, frame: int) -> Iterator[str]:
    """Yield what a map of parameters says its values stand for, which is no rescale (PS3.3 C.7.6.16.2.11)."""
    if dataset.get("SOPClassUID") != ParametricMapStorage:
        return
    for mapping in itertools.islice(_frame_groups(dataset, frame, "RealWorldValueMappingSequence"), 1):
        slope, intercept = (number(mapping, f"RealWorldValue{part}") for part in ("Slope", "Intercept"))
        if slope is not None and (slope, intercept or 0.0) != (1.0, 0.0):
            yield (
                f"What is measured is a value times {slope:g} plus {intercept or 0.0:g} (Real World Value Mapping); "
                "the values were left as they are stored."
            )


def _contradicted(dataset: Dataset) -> Iterator[str]:
    shape, photometric = text(dataset, "PresentationLUTShape"), text(dataset, "PhotometricInterpretation")
    if (shape, photometric) == ("INVERSE", "MONOCHROME2"):
        yield BLACK_OR_WHITE


def _has_overlays(dataset: Dataset) -> bool:
    return any((group, OVERLAY_DATA) in dataset or _in_unused_bits(dataset, group) for group in OVERLAYS)


def _in_unused_bits(dataset: Dataset, group: int) -> bool:
    """Tell whether an overlay lies in bits beside the samples, as standards of old had it (PS3.5 8.1.2)."""
    try:
        return (group, OVERLAY_BIT) in dataset and bool(dataset[group, OVERLAY_BIT].value)
    except CONVERSION_ERRORS:
        return False


def has_writing(header: DicomHeader) -> bool:
    """Tell whether the file says that its pixels contain text that may identify the patient (PS3.3 C.7.6.1)."""
    return text(header.dataset, "BurnedInAnnotation").upper() == "YES"


def attributes_of(headers: Iterable[DicomHeader]) -> tuple[str, ...]:
    """Return the keywords of all elements of all files, those in sequences included, "" for private and unknown ones.

    Reads every file whose elements are not known yet once more.
    """
    return tuple(sorted({keyword for header in headers for keyword in _keywords(header.own_dataset())}))


def _keywords(dataset: Dataset) -> Iterator[str]:
    for tag in dataset.keys():  # noqa: SIM118 (iterating a dataset decodes its elements, and one may be damaged)
        keyword = keyword_for_tag(tag)
        yield keyword
        for item in _items(dataset, keyword):
            yield from _keywords(item)


def _items(dataset: Dataset, keyword: str) -> list[Dataset]:
    """Return the items of a sequence; none of anything else, and of what cannot be read, which is not kept anyway."""
    if not keyword or dictionary_VR(keyword) != "SQ":
        return []
    try:
        return list(dataset[keyword].value or ())
    except PARSING_ERRORS:
        return []
