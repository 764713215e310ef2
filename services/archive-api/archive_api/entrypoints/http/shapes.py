"""What clients get from archive-api: the public client's shapes (spec/gcapi.md 2) and what we add to them."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any
from urllib.parse import urlencode

from archive_api.domain.archive import Archive, ArchiveSettings
from archive_api.domain.display_settings import DisplaySetting
from archive_api.domain.history import Change
from archive_api.domain.image import Image
from archive_api.domain.item import Arriving, Item
from archive_api.domain.logo import LOGO, SOCIAL_IMAGE, PictureRule
from archive_api.domain.publications import publication_link
from archive_api.domain.readiness import Shown, image_readiness
from archive_api.domain.rendering import Progress
from archive_api.domain.sockets import Socket
from archive_api.domain.task import Task, TaskState
from archive_api.domain.value import Value
from archive_api.domain.viewports import layout_icon
from archive_api.entrypoints.http.links import Links
from archive_api.use_cases.browse_archives import SeenArchive
from archive_api.use_cases.browse_items import ShownItem
from archive_api.use_cases.check_display import Display
from archive_shared.clock import to_text

Json = dict[str, Any]
Sockets = Mapping[str, Socket]


def show_archive(archive: Archive, links: Links) -> Json:
    """Return the card of an archive."""
    settings = archive.settings
    return {
        "pk": archive.id,
        "slug": archive.slug,
        "title": settings.title,
        "description": settings.description,
        "logo": links.picture(LOGO, archive.id, settings.logo),
        "logo_renditions": _renditions(LOGO, archive.id, settings.logo, links),
        "social_image": links.picture(SOCIAL_IMAGE, archive.id, settings.social_image),
        "social_image_renditions": _renditions(SOCIAL_IMAGE, archive.id, settings.social_image, links),
        "public": settings.public,
        "deidentify": settings.deidentify,
        "keep_labels": settings.keep_labels,
        "modalities": settings.modalities,
        "structures": settings.structures,
        "organizations": settings.organizations,
        "publications": [
            {"identifier": each, "url": publication_link(each)} for each in settings.publications
        ],
        "created": to_text(archive.created_at),
        "modified": to_text(archive.modified_at),
        "api_url": links.archive(archive.id),
        "url": links.page(archive.slug),
    }


def show_seen_archive(seen: SeenArchive, links: Links, render_markdown: Callable[[str], str]) -> Json:
    """Return the card of an archive with what only those with a role may know, null for others."""
    settings, usable = seen.archive.settings, seen.items is not None
    return show_archive(seen.archive, links) | {
        "role": seen.role or None,
        "item_count": seen.items,
        "is_full": (seen.quota is not None and seen.quota.is_used_up) if usable else None,
        "quota": asdict(seen.quota) if seen.quota else None,
        "page_markdown": settings.page_markdown if usable else None,
        "page_html": render_markdown(settings.page_markdown) if usable else None,
        "versions_required": settings.versions_required if usable else None,
        **(_shown_with(settings, links) if usable else dict.fromkeys(_SHOWN_WITH)),
    }


_SHOWN_WITH = (
    "workstation",
    "workstation_config",
    "hanging_protocol",
    "optional_hanging_protocols",
    "view_content",
)


def _shown_with(settings: ArchiveSettings, links: Links) -> Json:
    """Return what the items are shown with: addresses, null for what was not chosen."""
    return {
        "workstation": links.viewer(settings.workstation) if settings.workstation else None,
        "workstation_config": (
            links.viewer_configuration(settings.workstation_config) if settings.workstation_config else None
        ),
        "hanging_protocol": (
            links.hanging_protocol(settings.hanging_protocol) if settings.hanging_protocol else None
        ),
        "optional_hanging_protocols": list(map(links.hanging_protocol, settings.optional_hanging_protocols)),
        "view_content": settings.view_content,
    }


def show_nameplate(archive: Archive, links: Links) -> Json:
    """Return what is told of an archive to those who have nothing but its exact address."""
    logo = links.nameplate_logo(archive.id) if archive.settings.logo else ""
    return {"pk": archive.id, "title": archive.settings.title, "logo": logo}


def show_task(task: Task, links: Links) -> Json:
    return {
        "pk": task.id,
        "kind": task.kind,
        "archive": links.archive(task.archive),
        "state": task.state.value,
        "total": task.total,
        "done": task.done,
        "failed": task.failed,
        "errors": [asdict(error) for error in task.errors],
        "made": _made_by(task, links),
        "created": to_text(task.created_at),
        "modified": to_text(task.modified_at),
        "api_url": links.task(task.id),
    }


def _made_by(task: Task, links: Links) -> str | None:
    """Return the address of the version that a task made, null for other tasks and until it is there."""
    is_made = task.kind == "snapshot" and task.state is TaskState.DONE and not task.failed
    return links.snapshot(task.id) if is_made else None


def show_change(change: Change) -> Json:
    return asdict(change) | {"at": to_text(change.at)}


def _renditions(rule: PictureRule, archive: str, name: str, links: Links) -> dict[str, str]:
    """Return addresses by width in pixels; a picture that came small has fewer."""
    if not name:
        return {}
    return {str(width): links.picture(rule, archive, name, width) for width in rule.widths_px}


def show_socket(socket: Socket) -> Json:
    return {
        "pk": socket.number,
        "slug": socket.slug,
        "title": socket.title,
        "description": socket.description,
        "kind": socket.kind,
        "super_kind": socket.super_kind,
        "schema": json.loads(socket.schema_text),
        "default_value": _parsed(socket.default_text),
        "relative_path": socket.relative_path,
        "overlay_segments": [asdict(segment) for segment in socket.overlay_segments],
        "look_up_table": _parsed(socket.look_up_table_text),
        "example_value": _parsed(socket.example_text),
        "example_note": socket.example_note,
    }


def _parsed(text: str | None) -> Any:
    return None if text is None else json.loads(text)


def show_items(shown: Sequence[ShownItem], links: Links, sockets: Sockets) -> list[Json]:
    """Return items for reading: sockets in full, under both names clients know them by."""
    cards = {slug: show_socket(socket) for slug, socket in sockets.items()}
    return [_item(each, links) | {"values": _read_values(each.item, links, sockets, cards)} for each in shown]


def show_written_item(shown: ShownItem, links: Links, sockets: Sockets) -> Json:
    """Return an item as the answer to writing it: sockets by slug."""
    values = [
        {"interface": value.socket, "image_name": None, **_value(shown.item, value, links)}
        for value in _in_order(shown.item, sockets)
    ]
    return _item(shown, links) | {"values": values}


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


def show_layout(protocol: DisplaySetting) -> Json:
    """Return a hanging protocol as items carry it."""
    viewports = protocol.content["json"]
    return {
        "pk": protocol.id,
        "title": protocol.title,
        "json": viewports,
        "svg_icon": layout_icon(viewports),
    }


def _item(shown: ShownItem, links: Links) -> Json:
    item, display = shown.item, shown.display
    return {
        "pk": item.id,
        "title": item.title,
        "archive": links.archive(item.archive),
        "viewer": _opened(display, item.id, links) if display.viewer else None,
        "hanging_protocol": show_layout(display.protocol) if display.protocol else None,
        "optional_hanging_protocols": [show_layout(each) for each in display.optional_protocols],
        "view_content": display.view_content,
        "warnings": display.warnings(item),
        "version": item.version,
        "state": shown.readiness.state.value,
        "reason": shown.readiness.reason,
        "arriving": [_arriving(socket, each, links) for socket, each in sorted(item.arriving.items())],
        "created": to_text(item.created_at),
        "modified": to_text(item.modified_at),
        "api_url": links.item(item.id),
    }


def _opened(display: Display, item: str, links: Links) -> str:
    """Return where the item is opened: the address of the viewer, which is told of it; an address has one query."""
    assert display.viewer is not None
    address = str(display.viewer.content["url"])
    told = {"item": links.item(item)}
    if display.configuration:
        told["config"] = links.viewer_configuration(display.configuration.id)
    return f"{address}{'&' if '?' in address else '?'}{urlencode(told)}"


def _in_order(item: Item, sockets: Sockets) -> list[Value]:
    """Return values by group of their sockets: JSON, pictures, files, images; then by the sockets' names."""
    groups = {"json": 0, "file": 1, "image": 2}
    return sorted(item.values, key=lambda value: (groups[sockets[value.socket].traits.group], value.socket))


def _read_values(item: Item, links: Links, sockets: Sockets, cards: Mapping[str, Json]) -> list[Json]:
    return [
        {"socket": cards[value.socket], "interface": cards[value.socket], **_value(item, value, links)}
        for value in _in_order(item, sockets)
    ]


def _value(item: Item, value: Value, links: Links) -> Json:
    return {
        "pk": value.number,
        "value": value.json,
        "file": links.value_file(item.id, value) if value.file else None,
        "image": links.image(value.image) if value.image else None,
    }


def _arriving(socket: str, arriving: Arriving, links: Links) -> Json:
    return {
        "interface": socket,
        "upload_session": links.session(arriving.session),
        "state": (Progress.FAILED if arriving.failure else Progress.PENDING).value,
        "reason": arriving.failure,
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
