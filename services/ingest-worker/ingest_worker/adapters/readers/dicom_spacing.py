"""How large a pixel is, wherever DICOM says it."""

from pydicom import Dataset

from ingest_worker.adapters.readers.dicom_values import number, spacing, whole_number

IN_TWO_DIMENSIONS, CENTIMETRES, MM_PER_CM = 1, 3, 10.0  # PS3.3 C.8.5.5.1.1 and C.8.5.5.1.15


def pixel_spacing(dataset: Dataset) -> tuple[float, float] | None:
    """Return the size of a pixel (x, y) in the patient, else at the detector, as ITK does."""
    for keyword in ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing"):
        found = spacing(dataset, keyword)
        if found is not None:
            return found
    return None


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
