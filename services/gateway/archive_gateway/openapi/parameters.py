"""The parameters of queries, headers and paths by their names, which mean the same wherever they are taken."""

from typing import Any

from archive_api.domain import image_fields
from archive_api.use_cases.browse_archives import ORDERINGS
from archive_gateway.openapi.json_schema import FLAG, TEXT, JsonSchema, one_of
from permissions.domain.role import Role

Parameter = dict[str, Any]

PAGE = ("limit", "offset")
CURSOR = "cursor"
IDEMPOTENCY_KEY = "Idempotency-Key"
ITEM_FILTERS = ("searched archive", "search", "socket", "value", "image", "item ordering")
ARCHIVE_FILTERS = (
    *("search", "slug", "title", "public", "modality", "structure", "organization", "mine"),
    "archive ordering",
)
REGION = ("x", "y", "region width", "region height", "size")
WINDOW = ("time", "center", "window width")

_ORDERED = (*image_fields.NUMBERS, *image_fields.DATES)
IMAGE_FILTERS = (
    "any archive",
    "origin",
    "image ordering",
    "name",
    "name__contains",
    "name__in",
    *(f"{name}{suffix}" for name in image_fields.TEXTS for suffix in ("", "__in", "__contains", "__isempty")),
    *(f"{name}{suffix}" for name in _ORDERED for suffix in ("", "__in", "__gt", "__gte", "__lt", "__lte")),
)

_COMPARED = {
    "type": "object",
    "properties": dict.fromkeys(("gt", "gte", "lt", "lte", "in"), TEXT),
    "additionalProperties": False,
}
_BY_VALUE = {"anyOf": [TEXT, _COMPARED]}
_IMAGE_FIELDS = (*image_fields.TEXTS, *_ORDERED)

_COMPARISONS = {
    "": "This value exactly.",
    "in": "One of these values, with commas between them.",
    "contains": "This anywhere in it, in small letters or capitals.",
    "isempty": "Whether there is none.",
    "gt": "More than this, or later.",
    "gte": "This or more, or later.",
    "lt": "Less than this, or earlier.",
    "lte": "This or less, or earlier.",
}
_WHOLE = {"type": "integer", "minimum": 0}
_QUERY: dict[str, Parameter] = {
    "limit": {
        "schema": {"type": "integer", "minimum": 0, "maximum": 1000, "default": 100},
        "description": "How many a page holds at the most; 0 is as if it were left out.",
    },
    "offset": {
        "schema": {"type": "integer", "minimum": 0, "maximum": 2**53, "default": 0},
        "description": "How many to skip. Not beside a cursor; of filtered items 10,000 at the most.",
    },
    "cursor": {"description": "As it is in `next`; empty for the first page."},
    "searched archive": {"name": "archive", "description": "Its items only; all other filters need it."},
    "any archive": {
        "name": "archive",
        "schema": {"type": "array", "items": TEXT},
        "description": "Only images that any of these archives holds.",
    },
    "origin": {"description": "The upload session the image came with."},
    "subject": {"description": "Only downloads of this image, item, archive, version or zip."},
    "identifier": {"description": "The DOI, arXiv or PubMed number of one publication."},
    "modality": {"description": "By name or slug."},
    "structure": {"description": "By name or slug."},
    "organization": {"description": "By name, or by the identifier of one that is linked."},
    "search": {"description": "Words, or their beginnings of two letters and more."},
    "socket": {
        "schema": {"type": "array", "items": TEXT},
        "description": "Only items with a value for this socket.",
    },
    "value": {
        "style": "deepObject",
        "explode": True,
        "schema": {"type": "object", "additionalProperties": _BY_VALUE},
        "description": "By socket: `value[finding]=benign`, `value[cancer-score][gte]=0.5`, `value[finding][in]=benign,other`.",
    },
    "image": {
        "style": "deepObject",
        "explode": True,
        "schema": {
            "type": "object",
            "properties": dict.fromkeys(_IMAGE_FIELDS, _BY_VALUE),
            "additionalProperties": False,
        },
        "description": "By field: `image[patient_id]=P1`, `image[study_date][lt]=2026-01-01`, `image[modality][in]=CT,MR`.",
    },
    "public": {"schema": FLAG, "description": "Only those that are, or are not."},
    "mine": {"schema": FLAG, "description": "Only those the caller has a role on."},
    "unread": {"schema": FLAG, "description": "Only those that were not read."},
    "default": {"schema": FLAG, "description": "The viewer of archives whose creator chose none."},
    "archive ordering": {
        "name": "ordering",
        "schema": one_of(ORDERINGS),
        "description": "With `-` downwards.",
    },
    "item ordering": {
        "name": "ordering",
        "description": "`created`, `modified` or `title`, of what is not filtered; `value[cancer-score]`, of items that have "
        "such a number; with `-` before it downwards.",
    },
    "image ordering": {
        "name": "ordering",
        "schema": one_of(image_fields.ORDERINGS),
        "description": "With `-` downwards.",
    },
    "table format": {
        "name": "format",
        "schema": one_of(["csv", "jsonl", "parquet"]),
        "description": "CSV unless another is named.",
    },
    "list format": {
        "name": "format",
        "schema": one_of(["csv", "json"]),
        "description": "JSON unless CSV is asked for, whose header `Link` leads to the next page.",
    },
    "state": {
        "schema": one_of(["pending", "accepted", "rejected", "withdrawn"]),
        "description": "Only those in this state.",
    },
    "types": {"description": "Types of events, with commas between them; `archive.item.*` for a family."},
    "after": {"description": "A `cursor` of an answer; `latest` for what comes from now on."},
    "wait": {
        "schema": {"type": "integer", "minimum": 0, "maximum": 20},
        "description": "Seconds to wait for an event if there is none.",
    },
    "x": {"schema": _WHOLE, "description": "Left edge of the region, in pixels of the full image."},
    "y": {"schema": _WHOLE, "description": "Upper edge of the region, in pixels of the full image."},
    "region width": {
        "name": "width",
        "schema": {"type": "number"},
        "description": "Of the region, in pixels of the full image.",
    },
    "region height": {
        "name": "height",
        "schema": {"type": "number"},
        "description": "Of the region, in pixels of the full image.",
    },
    "size": {"description": "How many pixels a side the picture may have."},
    "time": {"schema": _WHOLE, "description": "Number of the moment, the first is 0."},
    "center": {"description": "Centre of the window, with `width`."},
    "window width": {
        "name": "width",
        "schema": {"type": "number"},
        "description": "Width of the window, with `center`.",
    },
}
_HEADERS: dict[str, Parameter] = {
    IDEMPOTENCY_KEY: {
        "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$"},
        "description": "Sent again with the same key, the request is done once and answered the same; another request with it is "
        "refused. Keys are remembered for a week.",
    },
    "If-Match": {
        "schema": {"type": "string", "pattern": r'^("[0-9]{1,18}"|\*)$'},
        "description": "The ETag of what was seen: 412 if it has changed since, 428 without it where the archive wants it.",
    },
    "If-None-Match": {"description": "The ETag of what is kept: 304 if it is still the same."},
    "Range": {
        "schema": {"type": "string", "pattern": "^bytes=[0-9]*-[0-9]*$"},
        "description": "Which bytes to send: 206 with these alone.",
    },
}
_PATH: dict[str, JsonSchema] = {
    "role": one_of(Role),
    "axis": one_of(["x", "y", "z", "axial", "coronal", "sagittal"]),
    "extension": one_of(["jpeg", "png"]),
    "encoding": one_of(["jpeg", "png", "npy"]),
    "format": one_of(["jpg", "png"]),
    "quality": one_of(["default", "color", "gray", "bitonal"]),
}


def in_query(name: str) -> Parameter:
    """Return the description of a parameter; those whose meaning differs by route have two words for a name."""
    filtered = {"schema": _filtered(name), "description": _compared(name)}
    return {"name": name, "in": "query", "schema": TEXT} | _QUERY.get(name, filtered)


def in_header(name: str) -> Parameter:
    return {"name": name, "in": "header", "schema": TEXT} | _HEADERS[name]


def in_path(kind: str, name: str) -> Parameter:
    """Return the description of a variable of a path, by its converter ("" for text) and its name."""
    schema = {"type": "integer", "minimum": 0} if kind == "int" else {"type": "string", "minLength": 1}
    return {"name": name, "in": "path", "required": True, "schema": _PATH.get(name, schema)}


def _compared(name: str) -> str:
    """Return what is found by a filter: what its name says behind the underscores."""
    return _COMPARISONS[name.partition("__")[2]]


def _filtered(name: str) -> JsonSchema:
    """Return what the filter of a field of images is given."""
    field, _, operator = name.partition("__")
    if operator == "isempty":
        return FLAG
    if operator in ("in", "contains"):
        return TEXT
    if field in image_fields.DATES:
        return {"type": "string", "format": "date"}
    return {"type": "number"} if field in image_fields.NUMBERS else TEXT
