"""What clients get from archive-api: the public client's shapes (spec/gcapi.md 2) and what we add to them."""

from typing import Any

from archive_api.domain.archive import Archive
from archive_api.domain.image import Image
from archive_api.domain.item import ImageValue
from archive_api.domain.readiness import Shown, image_readiness
from archive_api.domain.rendering import Progress
from archive_api.domain.sockets import SOCKETS, Socket
from archive_api.entrypoints.http.links import Links
from archive_api.use_cases.browse_archives import SeenArchive
from archive_api.use_cases.browse_items import ShownItem
from archive_shared.clock import to_text

Json = dict[str, Any]


def show_archive(archive: Archive, links: Links) -> Json:
    """Return the card of an archive."""
    settings = archive.settings
    return {
        "pk": archive.id,
        "slug": archive.slug,
        "title": settings.title,
        "description": settings.description,
        "logo": links.logo(archive.id, settings.logo),
        "public": settings.public,
        "deidentify": settings.deidentify,
        "created": to_text(archive.created_at),
        "modified": to_text(archive.modified_at),
        "api_url": links.archive(archive.id),
        "url": links.page(archive.slug),
    }


def show_seen_archive(seen: SeenArchive, links: Links) -> Json:
    """Return the card of an archive with the number of its items, null for those who may not know it."""
    return show_archive(seen.archive, links) | {"item_count": seen.items}


def show_socket(socket: Socket) -> Json:
    return {
        "pk": socket.number,
        "slug": socket.slug,
        "title": socket.title,
        "description": socket.description,
        "kind": socket.kind,
        "super_kind": socket.super_kind,
        "default_value": None,
        "relative_path": socket.relative_path,
        "overlay_segments": [],
        "look_up_table": None,
    }


def show_item(shown: ShownItem, links: Links) -> Json:
    """Return an item for reading: sockets in full, under both names clients know them by."""
    return _item(shown, links) | {"values": [_read_value(value, links) for value in shown.item.values]}


def show_written_item(shown: ShownItem, links: Links) -> Json:
    """Return an item as the answer to writing it: sockets by slug."""
    return _item(shown, links) | {"values": [_written_value(value, links) for value in shown.item.values]}


def show_image(shown: Shown, links: Links) -> Json:
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
        "pixels_sha256": image.pixels_sha256,
        **_lengths(image),
        **_appearance(image),
        **_patient_and_study(image),
        **_pictures(shown, links),
        "state": readiness.state.value,
        "reason": readiness.reason,
    }


def _item(shown: ShownItem, links: Links) -> Json:
    item = shown.item
    return {
        "pk": item.id,
        "title": item.title,
        "archive": links.archive(item.archive),
        "hanging_protocol": None,
        "optional_hanging_protocols": [],
        "view_content": {},
        "state": shown.readiness.state.value,
        "reason": shown.readiness.reason,
        "created": to_text(item.created_at),
        "modified": to_text(item.modified_at),
        "api_url": links.item(item.id),
    }


def _read_value(value: ImageValue, links: Links) -> Json:
    socket = show_socket(SOCKETS[value.socket])
    return {"socket": socket, "interface": socket, **_value(value, links)}


def _written_value(value: ImageValue, links: Links) -> Json:
    return {"interface": value.socket, **_value(value, links)}


def _value(value: ImageValue, links: Links) -> Json:
    return {"pk": value.number, "value": None, "file": None, "image": links.image(value.image)}


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
        "stereoscopic_choice": None,
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


def _pictures(shown: Shown, links: Links) -> Json:
    """Return where the image can be looked at: addresses once they lead somewhere, null before."""
    image, rendering = shown.image, shown.rendering
    return {
        "preview": links.preview(image.id) if rendering.preview is Progress.READY else None,
        "preview_state": rendering.preview.value,
        "tiles": links.tiles(image.id) if rendering.tiles is Progress.READY else None,
        "tiles_state": rendering.tiles.value if image.has_pyramid else None,
    }
