"""Taking away what tells whose an image is: the basic profile of DICOM PS3.15 annex E, on what an import keeps.

Canonical images carry only the few attributes named here in the first place; all others of a source are left behind by
every import. So this is an allow list: what is not marked to be kept goes.
"""

import hashlib
import hmac
import posixpath
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any

from ingest_worker.domain.images import ImageMetadata

UID_ROOT = "2.25."  # for identifiers made of 128 bits, PS3.5 annex B.2
BURNED_IN = (
    "The file says that there is writing in its pixels (Burned In Annotation), which may name the patient; this "
    "archive takes images without identity only."
)

NO_SLIDE = (
    "This file of a slide shows its label or the whole glass, which may name the patient; this archive takes images "
    "without identity only."
)


class Action(StrEnum):
    """What the profile does with an attribute (PS3.15 table E.1-1a)."""

    KEEP = "K"
    REMOVE = "X"
    EMPTY = "Z"
    NEW_UID = "U"


ACTIONS = {
    "patient_id": Action.EMPTY,
    "patient_name": Action.EMPTY,
    "patient_birth_date": Action.EMPTY,
    "patient_age": Action.REMOVE,
    "patient_sex": Action.EMPTY,
    "study_date": Action.EMPTY,
    "study_instance_uid": Action.NEW_UID,
    "series_instance_uid": Action.NEW_UID,
    "study_description": Action.REMOVE,
    "series_description": Action.REMOVE,
}
"""Of the attributes an image record has; everything else in it describes the grid and the display."""

KEPT_HEADER_FIELDS = frozenset({"Laterality", "SliceThickness", "WindowCenter", "WindowWidth", "Exposures"})
"""Of the fields of a canonical header; times of day are none of them."""

SIDES = frozenset({"R", "L", "U", "B"})
"""What a laterality may say (PS3.3 C.7.6.1 and C.7.6.16.2.8); files have anything in its place, names included."""

MODALITIES = frozenset(
    {
        "AR", "AS", "ASMT", "AU", "BDUS", "BI", "BMD", "CD", "CF", "CFM", "CP", "CR", "CS", "CT", "CTPROTOCOL",
        "DD", "DF", "DG", "DM", "DMS", "DOC", "DS", "DX", "EC", "ECG", "EEG", "EMG", "EOG", "EPS", "ES", "FA",
        "FID", "FS", "GM", "HC", "HD", "IO", "IOL", "IVOCT", "IVUS", "KER", "KO", "LEN", "LP", "LS", "M3D",
        "MA", "MG", "MR", "MS", "NM", "OAM", "OCT", "OP", "OPM", "OPR", "OPT", "OPTBSV", "OPTENF", "OPV", "OSS",
        "OT", "PA", "PLAN", "POS", "PR", "PT", "PX", "REG", "RESP", "RF", "RG", "RTDOSE", "RTIMAGE", "RTINTENT",
        "RTPLAN", "RTRAD", "RTRECORD", "RTSEGANN", "RTSTRUCT", "RWV", "SEG", "SM", "SMR", "SR", "SRF", "ST",
        "STAIN", "TEXTUREMAP", "TG", "US", "VA", "VF", "XA", "XAPROTOCOL", "XC",
    }
)  # fmt: skip
"""The defined terms, retired ones included (PS3.3 C.7.3.1.1.1); a name in capitals would be a code as well."""

KEPT_ATTRIBUTES = frozenset(
    {
        "BitsAllocated", "BitsStored", "BurnedInAnnotation", "Columns", "Exposure", "FrameVOILUTSequence", "HighBit",
        "ImageLaterality", "ImageOrientationPatient", "ImagePositionPatient", "ImagerPixelSpacing", "Laterality",
        "LossyImageCompression", "Modality", "NominalScannedPixelSpacing", "NumberOfFrames",
        "PerFrameFunctionalGroupsSequence", "PhotometricInterpretation", "PixelData", "PixelMeasuresSequence",
        "PixelRepresentation", "PixelSpacing", "PixelValueTransformationSequence", "PlanarConfiguration",
        "PlaneOrientationSequence", "PlanePositionSequence", "RescaleIntercept", "RescaleSlope", "RescaleType", "Rows",
        "SamplesPerPixel", "SeriesInstanceUID", "SharedFunctionalGroupsSequence", "SliceThickness",
        "SpacingBetweenSlices", "SpecificCharacterSet", "StudyInstanceUID", "WindowCenter", "WindowWidth",
    }
)  # fmt: skip
"""Attributes of a DICOM file that live on in the image, by keyword, and sequences they lie in; identifiers as new ones."""

KEPT_SLIDE_ATTRIBUTES = frozenset(
    {
        "BitsAllocated", "BitsStored", "BurnedInAnnotation", "ColumnPositionInTotalImagePixelMatrix", "Columns",
        "DimensionOrganizationType", "ExtendedOffsetTable", "ExtendedOffsetTableLengths", "HighBit", "ICCProfile",
        "ImageType", "LossyImageCompression", "NumberOfFrames", "NumberOfOpticalPaths", "ObjectiveLensPower",
        "OpticalPathSequence", "PerFrameFunctionalGroupsSequence", "PhotometricInterpretation", "PixelData",
        "PixelMeasuresSequence", "PixelRepresentation", "PixelSpacing", "PlanarConfiguration",
        "PlanePositionSlideSequence", "RowPositionInTotalImagePixelMatrix", "Rows", "SamplesPerPixel",
        "SharedFunctionalGroupsSequence", "SpecificCharacterSet", "SpecimenLabelInImage",
        "TotalPixelMatrixColumns", "TotalPixelMatrixFocalPlanes", "TotalPixelMatrixRows",
    }
)  # fmt: skip
"""Likewise of a whole-slide image: what the grid of tiles is made from. It keeps no identifiers, not even new ones."""


@dataclass(frozen=True)
class Deidentification:
    """How one archive's images lose their identity.

    Parameters
    ----------
    key
        The archive's own secret: with it, and only with it, one identifier always becomes the same new one.
    """

    key: bytes

    @classmethod
    def of(cls, archive: str, *, secret: bytes) -> "Deidentification":
        """Return the de-identification of an archive, its key derived from the platform's secret."""
        return cls(_keyed(secret, f"deidentification of {archive}"))

    def uid(self, original: str) -> str:
        """Return the identifier that stands for another one; none for none."""
        if not original:
            return ""
        return UID_ROOT + str(int.from_bytes(_keyed(self.key, original)[:16], "big"))

    def metadata(self, metadata: ImageMetadata) -> ImageMetadata:
        """Return the metadata without identity."""
        nobody = ImageMetadata(width=metadata.width, height=metadata.height)
        changed: dict[str, Any] = {name: getattr(nobody, name) for name in ACTIONS}
        for name, action in ACTIONS.items():
            if action is Action.NEW_UID:
                changed[name] = self.uid(getattr(metadata, name))
        changed["modality"] = metadata.modality if metadata.modality in MODALITIES else None
        return replace(metadata, **changed)

    def header_fields(self, found: dict[str, str]) -> dict[str, str]:
        """Return the header fields that are kept: numbers, and a side if it is one."""
        kept = {name: value for name, value in found.items() if name in KEPT_HEADER_FIELDS}
        if kept.get("Laterality", "") not in SIDES:
            kept.pop("Laterality", None)
        return kept

    def notes(self, notes: Iterable[str], files: Sequence[str]) -> tuple[str, ...]:
        """Return remarks without the names of files, which are often those of patients."""
        names = {*files, *map(posixpath.basename, files)}
        wanted = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
        return tuple(re.sub(rf"(?<!\w)(?:{wanted})(?!\w)", "a file", note) for note in notes)

    def name(self, key: str) -> str:
        """Return a name that tells nothing without our key: files are often called after patients.

        Parameters
        ----------
        key
            The identifier of its series, or the image's.
        """
        return f"image-{self.uid(key)[-8:]}"


def removed(attributes: Iterable[str]) -> tuple[str, ...]:
    """Return which of all sources' attributes did not come along, sorted; "" stands for private ones."""
    return _gone(attributes, KEPT_ATTRIBUTES)


def removed_of_slide(attributes: Iterable[str]) -> tuple[str, ...]:
    """Return the same of a whole-slide image."""
    return _gone(attributes, KEPT_SLIDE_ATTRIBUTES)


def told_fields(metadata: ImageMetadata) -> tuple[str, ...]:
    """Return the names of the identifying fields that say something, for formats other than DICOM."""
    said = {each.name for each in fields(metadata) if each.name in ACTIONS and getattr(metadata, each.name)}
    return tuple(sorted(said))


def _gone(attributes: Iterable[str], kept: frozenset[str]) -> tuple[str, ...]:
    return tuple(sorted({keyword or "private attributes" for keyword in attributes} - kept))


def _keyed(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()
