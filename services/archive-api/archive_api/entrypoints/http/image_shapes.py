"""How images look to clients: the public client's shape (spec/gcapi.md 2) and what we add to it."""

from archive_api.domain.image import Image
from archive_api.domain.readiness import Shown, image_readiness
from archive_api.domain.rendering import Progress
from archive_api.entrypoints.http.links import Links
from archive_api.entrypoints.http.shapes import Json
from archive_shared.clock import to_text


def show_image(shown: Shown[Image], links: Links) -> Json:
    """Return everything known of an image."""
    image, readiness = shown.image, image_readiness(shown)
    return {
        "pk": image.id,
        "name": image.name,
        "api_url": links.image(image.id),
        "created": to_text(image.created_at),
        "files": _files(image, links),
        "dicom_image_set": None,
        "sources": image.sources,
        "source_count": image.source_count or len(image.sources),
        "pixels_sha256": image.pixels_sha256,
        "deidentified": bool(
            image.deidentified_by
        ),  # not by which archive: whoever looks may not know that one
        "notes": image.notes,
        **_lengths(image),
        **_appearance(image),
        **_patient_and_study(image),
        **_pictures(shown, links),
        "state": readiness.state.value,
        "reason": readiness.reason,
    }


def _files(image: Image, links: Links) -> list[Json]:
    return [
        {
            "pk": file.id,
            "image": image.id,
            "file": links.file(image.id, file),
            "image_type": file.type,
            "size_bytes": file.size_bytes,
            "sha256": file.sha256,
        }
        for file in image.files
    ]


def _lengths(image: Image) -> Json:
    about = image.description
    return {
        "width": about.width,
        "height": about.height,
        "depth": about.depth,
        "timepoints": about.timepoints,
        "resolution_levels": about.resolution_levels,
        "shape_without_color": image.shape_without_color,
        "shape": image.shape,
        "voxel_width_mm": about.voxel_width_mm,
        "voxel_height_mm": about.voxel_height_mm,
        "voxel_depth_mm": about.voxel_depth_mm,
    }


def _appearance(image: Image) -> Json:
    about = image.description
    return {
        "color_space": about.color_space,
        "window_center": about.window_center,
        "window_width": about.window_width,
        "segments": about.segments,
        "modality": {"modality": about.modality} if about.modality else None,
        "eye_choice": about.eye_choice,
        "stereoscopic_choice": None,  # the public client's; no format that is imported says it
        "field_of_view": None,
    }


def _patient_and_study(image: Image) -> Json:
    about = image.description
    return {
        "patient_id": about.patient_id,
        "patient_name": about.patient_name,
        "patient_birth_date": about.patient_birth_date,
        "patient_age": about.patient_age,
        "patient_sex": about.patient_sex,
        "study_date": about.study_date,
        "study_instance_uid": about.study_instance_uid,
        "series_instance_uid": about.series_instance_uid,
        "study_description": about.study_description,
        "series_description": about.series_description,
    }


def _pictures(shown: Shown[Image], links: Links) -> Json:
    """Return where the image can be looked at: addresses once they lead somewhere, null before."""
    image, rendering = shown.image, shown.rendering
    is_shown = rendering.preview is Progress.READY
    return {
        "preview": links.preview(image.id) if is_shown else None,
        "preview_state": rendering.preview.value,
        "tiles": links.tiles(image.id) if rendering.tiles is Progress.READY else None,
        "tiles_state": rendering.tiles.value if image.has_pyramid else None,
        "volume": links.volume(image.id) if is_shown and not image.has_pyramid else None,
    }
