"""JSON Schemas of annotations, registrations and charts, written down once per shape (spec/archives.md 1.5)."""

from collections.abc import Mapping
from typing import Any

Schema = dict[str, Any]

_POINT: Schema = {"type": "array", "items": {"type": "number"}, "minItems": 3, "maxItems": 3}
_VERSION: Schema = {
    "type": "object",
    "properties": {"major": {"type": "integer"}, "minor": {"type": "integer"}},
    "required": ["major", "minor"],
    "additionalProperties": False,
}
_OPTIONAL: Schema = {
    "name": {"type": "string"},
    "probability": {"type": "number", "minimum": 0, "maximum": 1},
}


def _points(exactly: int | None = None) -> Schema:
    count = {} if exactly is None else {"minItems": exactly, "maxItems": exactly}
    return {"type": "array", "items": _POINT, **count}


def _object(name: str, body: Mapping[str, Schema], *, top: bool) -> Schema:
    """Return the schema of one annotation; inside lists `type` may be left out and there is no version."""
    own: Schema = {"version": _VERSION} if top else {}
    return {
        "type": "object",
        "properties": {"type": {"const": name}, **own, **_OPTIONAL, **body},
        "required": [*(["version", "type"] if top else []), *body],
        "additionalProperties": False,
    }


def _list(name: str, element: str, body: Mapping[str, Schema], key: str) -> Schema:
    return {
        "type": "object",
        "properties": {
            "type": {"const": name},
            "version": _VERSION,
            **_OPTIONAL,
            key: {"type": "array", "items": _object(element, body, top=False)},
        },
        "required": ["version", "type", key],
        "additionalProperties": False,
    }


_PAIR_OF_LINES: Schema = {"type": "array", "items": _points(2), "minItems": 2, "maxItems": 2}
_POLYGON: Mapping[str, Schema] = {
    "seed_point": _POINT,
    "path_points": _points(),
    "sub_type": {"type": "string"},
    "groups": {"type": "array", "items": {"type": "string"}},
}
_LINE: Mapping[str, Schema] = {
    "seed_points": _points(),
    "path_point_lists": {"type": "array", "items": _points()},
}
# Name of the kind, of several of them, what one holds, and the key of the list of several.
_SHAPES: tuple[tuple[str, str, Mapping[str, Schema], str], ...] = (
    ("2D bounding box", "Multiple 2D bounding boxes", {"corners": _points(4)}, "boxes"),
    ("Distance measurement", "Multiple distance measurements", {"start": _POINT, "end": _POINT}, "lines"),
    ("Point", "Multiple points", {"point": _POINT}, "points"),
    ("Polygon", "Multiple polygons", _POLYGON, "polygons"),
    ("Line", "Multiple lines", _LINE, "lines"),
    ("Angle", "Multiple angles", {"lines": _PAIR_OF_LINES}, "angles"),
    ("Three-point angle", "Multiple three-point angles", {"angle": _points(3)}, "angles"),
    ("Ellipse", "Multiple ellipses", {"major_axis": _points(2), "minor_axis": _points(2)}, "ellipses"),
)

ANNOTATIONS: Mapping[str, Schema] = {
    **{one: _object(one, body, top=True) for one, _, body, _ in _SHAPES},
    **{several: _list(several, one, body, key) for one, several, body, key in _SHAPES},
}

AFFINE_TRANSFORM: Schema = {
    "type": "object",
    "properties": {
        "3d_affine_transform": {
            "type": "array",
            "minItems": 4,
            "maxItems": 4,
            "items": {"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 4},
        }
    },
    "required": ["3d_affine_transform"],
    "additionalProperties": False,
}

CHART: Schema = {
    "type": "object",
    "properties": {"$schema": {"type": "string", "pattern": r"vega\.github\.io/schema/vega-lite/v5"}},
    "required": ["$schema"],
}
"""A Vega-Lite 5 specification: that it says so is checked, the rest is the viewer's."""
