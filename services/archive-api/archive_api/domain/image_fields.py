"""What images can be filtered and ordered by; the names of the wire, which are those of their descriptions too."""

from collections.abc import Mapping

TEXTS = (
    *("color_space", "modality", "eye_choice", "patient_id", "patient_name", "patient_age", "patient_sex"),
    *("study_instance_uid", "series_instance_uid", "study_description", "series_description"),
)
NUMBERS = (
    *("width", "height", "depth", "timepoints", "resolution_levels", "window_center", "window_width"),
    *("voxel_width_mm", "voxel_height_mm", "voxel_depth_mm"),
)
DATES = ("patient_birth_date", "study_date")

_ORDERED = (*NUMBERS, *DATES)

STORED_FIELDS: Mapping[str, str] = {
    **{name: f"description.{name}" for name in (*TEXTS, *_ORDERED)},
    **{f"{name}_to": f"description.{name}" for name in _ORDERED},  # to be bound from above, too
}
"""Path in the document by the name it is queried with."""

INDEXED = ("patient_id", "study_instance_uid", "series_instance_uid", "study_date")
ORDERINGS = ("created", "-created", "name", "-name", "study_date", "-study_date")
