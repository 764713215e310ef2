"""The kinds of sockets there are, and what values of each must look like (spec/archives.md 1.5)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from archive_api.domain.annotations import AFFINE_TRANSFORM, ANNOTATIONS, CHART

Schema = Mapping[str, Any]


@dataclass(frozen=True)
class SocketKind:
    """What all sockets of a kind have in common.

    Parameters
    ----------
    label
        Its name, as the public client compares it.
    group
        `json`, `image` or `file`.
    schema
        Of JSON kinds: what every value meets.
    suffix
        Of files: what their names end in.
    isolated, undisplayable
        Whether it takes a viewport for itself, or cannot be shown at all.
    """

    label: str
    group: Literal["json", "image", "file"]
    schema: Schema = field(default_factory=dict)
    suffix: str = ".json"
    isolated: bool = False
    undisplayable: bool = False


_STRINGS: Schema = {"type": "array", "items": {"type": "string"}}
_SIMPLE: Mapping[str, Schema] = {
    "String": {"type": "string"},
    "Integer": {"type": "integer"},
    "Float": {"type": "number"},
    "Bool": {"type": "boolean"},
    "Anything": {},
    "Choice": {"type": "string"},
    "Multiple choice": _STRINGS,
}
_IMAGES = ("Image", "Segmentation", "Heat Map", "Displacement field")
_FILES = (
    SocketKind("PDF file", "file", suffix=".pdf", isolated=True),
    SocketKind("SQREG file", "file", suffix=".sqreg"),
    SocketKind("Thumbnail jpg", "file", suffix=".jpeg", isolated=True),
    SocketKind("Thumbnail png", "file", suffix=".png", isolated=True),
    SocketKind("OBJ file", "file", suffix=".obj", undisplayable=True),
    SocketKind("MP4 file", "file", suffix=".mp4", isolated=True),
    SocketKind("Newick tree-format file", "file", suffix=".newick", undisplayable=True),
    SocketKind("BIOM format", "file", suffix=".biom", undisplayable=True),
    SocketKind("CSV file", "file", suffix=".csv", undisplayable=True),
    SocketKind("ZIP file", "file", suffix=".zip", undisplayable=True),
)

KINDS: Mapping[str, SocketKind] = {
    kind.label: kind
    for kind in (
        *(SocketKind(label, "json", schema) for label, schema in _SIMPLE.items()),
        SocketKind("Chart", "json", CHART, isolated=True),
        *(SocketKind(label, "json", schema) for label, schema in ANNOTATIONS.items()),
        SocketKind("Affine transform registration", "json", AFFINE_TRANSFORM),
        *(SocketKind(label, "image", suffix="") for label in _IMAGES),
        *_FILES,
    )
}

NEVER_IN_DATABASE = frozenset(label for label in ANNOTATIONS if label.startswith("Multiple "))
"""Lists of annotations grow without bound, so they are files."""
