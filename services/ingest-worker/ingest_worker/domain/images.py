"""Images in their canonical form, and what is known about them (fields of the archive's image records)."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from enum import StrEnum
from typing import Any

from ingest_worker.domain.files import Source


class ImageType(StrEnum):
    """The canonical file formats; MHA is a compressed MetaImage, TIFF a tiled pyramid."""

    MHA = "MHA"
    TIFF = "TIFF"


class ColorSpace(StrEnum):
    GRAY = "GRAY"
    RGB = "RGB"
    RGBA = "RGBA"
    YCBCR = "YCBCR"


class EyeChoice(StrEnum):
    """Right eye, left eye, unknown eye, not an eye."""

    OD = "OD"
    OS = "OS"
    UNKNOWN = "U"
    NOT_APPLICABLE = "NA"


@dataclass(frozen=True)
class ImageMetadata:
    """What an image record says about its image; lengths in voxels, sizes in millimetres.

    Parameters
    ----------
    depth
        None for a two-dimensional image; 1 for a pyramid.
    timepoints
        None unless four-dimensional.
    voxel_width_mm, voxel_height_mm, voxel_depth_mm
        None where the source does not say.
    window_center, window_width
        The first pair the source offers, in units of the canonical pixel values.
    segments
        Labels of a label map, see `ingest_worker.domain.segments`.
    modality
        DICOM's code of the kind of equipment, such as "CT" (PS3.3 C.7.3.1.1.1).
    patient_name
        And everything else about patient and study: for authorised eyes, never for logs, so `repr` leaves it out.
    """

    width: int
    height: int
    depth: int | None = None
    timepoints: int | None = None
    voxel_width_mm: float | None = None
    voxel_height_mm: float | None = None
    voxel_depth_mm: float | None = None
    color_space: ColorSpace = ColorSpace.GRAY
    resolution_levels: int | None = None
    window_center: float | None = None
    window_width: float | None = None
    segments: tuple[int, ...] | None = None
    modality: str | None = None
    eye_choice: EyeChoice = EyeChoice.NOT_APPLICABLE
    patient_id: str = field(default="", repr=False)
    patient_name: str = field(default="", repr=False)
    patient_birth_date: date | None = field(default=None, repr=False)
    patient_age: str = field(default="", repr=False)
    patient_sex: str = field(default="", repr=False)
    study_date: date | None = field(default=None, repr=False)
    study_instance_uid: str = field(default="", repr=False)
    series_instance_uid: str = field(default="", repr=False)
    study_description: str = field(default="", repr=False)
    series_description: str = field(default="", repr=False)


@dataclass(frozen=True)
class ConvertedImage:
    """One image in its canonical form.

    Parameters
    ----------
    key
        Derived from the names of the source files and the image's place among the images made from them: the same
        upload converted again has the same keys.
    name
        For people: the original file name, or a name made of the series.
    file
        Name of the canonical file inside the output folder; made of the key, never of anything uploaded.
    sample_type
        numpy's name of one sample, such as "int16".
    pixels_sha256
        Of the samples as little-endian bytes in the order channel, x, y, z, t (fastest first); full resolution only.
    notes
        What a careful reader should know though it did not stop the import; without patient data.
    removed
        Names of what was taken away so that nobody can tell whose image it is; empty unless that was asked for.
    """

    key: str
    name: str
    file: str
    type: ImageType
    size_bytes: int
    sample_type: str
    pixels_sha256: str
    sources: tuple[Source, ...]
    metadata: ImageMetadata
    notes: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()

    def to_document(self, source_names: Sequence[str]) -> dict[str, Any]:
        """Return the image as JSON-ready values, its sources by name; `from_document` reads them back."""
        document = _shallow(self)
        document["sources"] = list(source_names)
        document["metadata"] = metadata_document(self.metadata)
        return document

    @classmethod
    def from_document(cls, document: Mapping[str, Any], known: Mapping[str, Source]) -> "ConvertedImage":
        """Read what `to_document` wrote, with what is known of its sources by name."""
        values = dict(document)
        values["type"] = ImageType(values["type"])
        values["sources"] = tuple(known[name] for name in values["sources"])
        values["metadata"] = metadata_from_document(values["metadata"])
        values["notes"] = tuple(values["notes"])
        values["removed"] = tuple(values["removed"])
        return cls(**values)


def image_key(source_names: Sequence[str], index: int) -> str:
    """Return the key of the index-th image made from files of these names, whatever their order."""
    identity = json.dumps([sorted(source_names), index], ensure_ascii=False)
    return hashlib.sha256(identity.encode()).hexdigest()[:32]


def metadata_document(metadata: ImageMetadata) -> dict[str, Any]:
    """Return the metadata as JSON-ready values; dates become ISO 8601 text."""
    return {name: _to_json(value) for name, value in _shallow(metadata).items()}


def metadata_from_document(document: Mapping[str, Any]) -> ImageMetadata:
    """Read what `metadata_document` wrote."""
    known = {each.name: document[each.name] for each in fields(ImageMetadata)}
    known["color_space"] = ColorSpace(known["color_space"])
    known["eye_choice"] = EyeChoice(known["eye_choice"])
    if known["segments"] is not None:
        known["segments"] = tuple(known["segments"])
    for day in ("patient_birth_date", "study_date"):
        known[day] = date.fromisoformat(known[day]) if known[day] else None
    return ImageMetadata(**known)


def _shallow(found: ConvertedImage | ImageMetadata) -> dict[str, Any]:
    """Return fields by name; `asdict` would copy every value, at twenty times the cost."""
    return {each.name: getattr(found, each.name) for each in fields(found)}


def _to_json(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value
