"""Viewports: their names, what a hanging protocol says of them, and what is shown in them (spec/archives.md 1.14)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from archive_api.domain.sockets import Socket

NAMES = (
    "main",
    "secondary",
    "tertiary",
    "quaternary",
    "quinary",
    "senary",
    "septenary",
    "octonary",
    "nonary",
    "denary",
    "undenary",
    "duodenary",
    "tredenary",
    "quattuordenary",
    "quindenary",
    "sexdenary",
    "septendenary",
    "octodenary",
    "novemdenary",
    "vigintenary",
)
_FREELY_NAMED = ("minimap", "3D-sideview")
_CHILDREN = (*_FREELY_NAMED, "intensity-over-time-chart")
_FLAGS = (
    "fullsizable",
    "draggable",
    "selectable",
    "linkable",
    "show_current_slice",
    "show_mouse_coordinate",
    "show_mouse_voxel_value",
)
_LARGEST_GRID = 1000
_SHARE = {"type": "number", "minimum": 0, "maximum": 1}
_NAME = {"type": "string", "minLength": 1, "maxLength": 64, "pattern": "^[A-Za-z0-9-]+$"}

Viewport = Mapping[str, Any]

PROTOCOL_SCHEMA: Mapping[str, Any] = {
    "type": "array",
    "minItems": 1,
    "maxItems": 2 * len(NAMES),
    "items": {
        "type": "object",
        "required": ["viewport_name"],
        "additionalProperties": False,
        "properties": {
            "viewport_name": _NAME,
            "x": {"type": "integer", "minimum": 0, "maximum": _LARGEST_GRID},
            "y": {"type": "integer", "minimum": 0, "maximum": _LARGEST_GRID},
            "w": {"type": "integer", "minimum": 1, "maximum": _LARGEST_GRID},
            "h": {"type": "integer", "minimum": 1, "maximum": _LARGEST_GRID},
            "order": {"type": "integer"},
            "opacity": _SHARE,
            "relative_start_position": _SHARE,
            "orientation": {"enum": ["axial", "coronal", "sagittal"]},
            "label": {"type": "string", "maxLength": 255, "pattern": "^[A-Za-z0-9 -]*$"},
            "specialized_view": {"enum": [*_CHILDREN, "clientside"]},
            "parent_id": _NAME,
            "slice_plane_indicator": _NAME,
            "slice_plane_indicator_fade_ms": {"type": "integer", "minimum": 0},
            **{flag: {"type": "boolean"} for flag in _FLAGS},
        },
    },
}

VIEW_CONTENT_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "propertyNames": {"enum": list(NAMES)},
    "additionalProperties": {
        "type": "array",
        "minItems": 1,
        "maxItems": 100,
        "uniqueItems": True,
        "items": {"type": "string"},
    },
}


def protocol_errors(viewports: Sequence[Viewport]) -> Iterator[str]:
    """Say what is wrong with viewports that meet `PROTOCOL_SCHEMA`."""
    names = [each["viewport_name"] for each in viewports]
    if "main" not in names:
        yield "There must be a viewport named main."
    if len(set(names)) != len(names):
        yield "The names of viewports must be unique."
    placed = [sum(side in each for side in "xywh") for each in viewports]
    if set(placed) - {0} and set(placed) != {4}:
        yield "Give x, y, w and h to all viewports, or to none."
    for each in viewports:
        for reason in _viewport_errors(each, names):
            yield f"{each['viewport_name']}: {reason}"


def _viewport_errors(each: Viewport, names: Sequence[str]) -> Iterator[str]:
    view = each.get("specialized_view")
    if each["viewport_name"] not in NAMES and view not in _FREELY_NAMED:
        yield f"its name must be one of {', '.join(NAMES)}."
    if view in _CHILDREN and "parent_id" not in each:
        yield f"a {view} needs a parent_id."
    if view == "3D-sideview" and "orientation" not in each:
        yield "a 3D-sideview needs an orientation."
    if "parent_id" in each and not (each.get("draggable") or view):
        yield "a parent_id is for viewports that are draggable or have a specialized_view."
    if "slice_plane_indicator_fade_ms" in each and "slice_plane_indicator" not in each:
        yield "slice_plane_indicator_fade_ms needs a slice_plane_indicator."
    for name in ("parent_id", "slice_plane_indicator"):
        if name in each and each[name] not in {*names} - {each["viewport_name"]}:
            yield f"{name} must name another viewport."


def viewport_names(viewports: Sequence[Viewport]) -> set[str]:
    """Return the viewports of a protocol that show what the view content says."""
    return {each["viewport_name"] for each in viewports if each["viewport_name"] in NAMES}


def view_content_errors(content: Mapping[str, Sequence[str]], sockets: Mapping[str, Socket]) -> Iterator[str]:
    """Say what is wrong with view content that meets `VIEW_CONTENT_SCHEMA`; `sockets` are those that exist of it."""
    for viewport, slugs in content.items():
        unknown = [slug for slug in slugs if slug not in sockets]
        if unknown:
            yield f"Unknown sockets in view content for viewport {viewport}: {', '.join(unknown)}"
            continue
        for reason in _content_errors([sockets[slug] for slug in slugs]):
            yield f"Viewport {viewport}: {reason}"


def _content_errors(sockets: Sequence[Socket]) -> Iterator[str]:
    images = [socket.slug for socket in sockets if socket.kind == "Image"]
    if len(images) > 1:
        yield f"it can show one image only, not {', '.join(images)}."
    isolated = [socket.slug for socket in sockets if socket.traits.isolated]
    if isolated and len(sockets) > 1:
        yield f"{isolated[0]} must be alone in its viewport."
    hidden = [socket.slug for socket in sockets if socket.traits.undisplayable]
    if hidden:
        yield f"{', '.join(hidden)} cannot be displayed."


def missing_warnings(content: Mapping[str, Sequence[str]], present: set[str]) -> list[str]:
    """Tell people which values the view content names an item does not have."""
    return [
        f"Viewport {viewport} shows {slug}, of which this item has no value."
        for viewport, slugs in sorted(content.items())
        for slug in slugs
        if slug not in present
    ]


def layout_icon(viewports: Sequence[Viewport]) -> str:
    """Draw the layout of a protocol as an SVG picture of 32 × 18 pixels; side by side when it has none."""
    if all("x" in each for each in viewports):
        places = [(each["x"], each["y"], each["w"], each["h"]) for each in viewports]
    else:
        places = [(number, 0, 1, 1) for number in range(len(viewports))]
    across = max(x + w for x, _, w, _ in places)
    down = max(y + h for _, y, _, h in places)
    boxes = "".join(
        f'<rect x="{x * 32 / across:.4g}" y="{y * 18 / down:.4g}"'
        f' width="{w * 32 / across:.4g}" height="{h * 18 / down:.4g}"/>'
        for x, y, w, h in places
    )
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" width="32" height="18" viewBox="0 0 32 18"'
        f' fill="none" stroke="currentColor">{boxes}</svg>'
    )
