"""How large a pixel is, wherever DICOM says it."""

from typing import Final

from pydicom import Dataset

from ingest_worker.adapters.readers.dicom_values import number, spacing, text, whole_number

IN_TWO_DIMENSIONS, CENTIMETRES, MM_PER_CM = 1, 3, 10.0  # PS3.3 C.8.5.5.1.1 and C.8.5.5.1.15


MEASURED: Final = {
    "PixelSpacing": "",
    "ImagerPixelSpacing": "The pixel size is measured at the detector, not in the patient.",
    "NominalScannedPixelSpacing": "The pixel size is measured on the film that was scanned, not in the patient.",
    "ImagePlanePixelSpacing": "The pixel size is measured in the image plane, not in the patient.",
}
"""Where pixels may be measured, best first as ITK has it, and what there is to say of it."""

CORRECTED: Final = ("ImagerPixelSpacing", "NominalScannedPixelSpacing")
"""What PixelSpacing differs from if it was corrected to the patient (PS3.3 10.7.1.1, 10.7.1.2)."""

UNKNOWN: Final = "The file does not say how large a pixel is."
OF_ULTRASOUND: Final = "The pixel size is that of the ultrasound, not of what stands beside it."


def pixel_spacing(dataset: Dataset) -> tuple[float, float] | None:
    """Return the size of a pixel (x, y) in the patient, else where it was measured."""
    return next((found for keyword in MEASURED if (found := spacing(dataset, keyword))), None)


def remark_on_spacing(dataset: Dataset) -> str:
    """Return what there is to say about where pixels were measured, "" if that is in the patient."""
    measured = _measured(dataset)
    if measured is not None:
        return MEASURED[measured] + (_magnified(dataset) if measured == "ImagerPixelSpacing" else "")
    return OF_ULTRASOUND if ultrasound_spacing(dataset) else ""


def _measured(dataset: Dataset) -> str | None:
    """Return where pixels were measured by its keyword, None if nowhere."""
    measured = next((keyword for keyword in MEASURED if spacing(dataset, keyword)), None)
    if measured != "PixelSpacing" or text(dataset, "PixelSpacingCalibrationType"):
        return measured
    in_patient = spacing(dataset, measured)
    return next((keyword for keyword in CORRECTED if spacing(dataset, keyword) == in_patient), measured)


def _magnified(dataset: Dataset) -> str:
    factor = number(dataset, "EstimatedRadiographicMagnificationFactor")
    if not factor or factor <= 0 or factor == 1:
        return ""
    return f" The file estimates that the patient is shown {factor:g} times as large there."


def pixel_shape(dataset: Dataset) -> tuple[float, float] | None:
    """Return the sides of a pixel (x, y) as parts of its width, if nothing is said but that it is no square (PS3.3 C.7.6.3.1.7)."""
    sides = spacing(dataset, "PixelAspectRatio")
    return None if sides is None or sides[0] == sides[1] else (1.0, sides[1] / sides[0])


def ultrasound_spacing(dataset: Dataset) -> tuple[float, float] | None:
    """Return the size of a pixel (x, y) in ultrasound, if all regions that show tissue agree on it (PS3.3 C.8.5.5)."""
    found = {
        (number(region, "PhysicalDeltaX"), number(region, "PhysicalDeltaY"))
        for region in dataset.get("SequenceOfUltrasoundRegions") or []
        if _is_in_space(region)
    }
    if len(found) != 1:
        return None
    along_x, along_y = found.pop()
    return (abs(along_x) * MM_PER_CM, abs(along_y) * MM_PER_CM) if along_x and along_y else None


def _is_in_space(region: Dataset) -> bool:
    """Tell whether both sides of a region are measured in centimetres: others show time, speed or volume."""
    units = [whole_number(region, f"PhysicalUnits{side}Direction") for side in "XY"]
    return whole_number(region, "RegionSpatialFormat") == IN_TWO_DIMENSIONS and units == [CENTIMETRES] * 2
