"""Sockets: the typed places an item has for values. The ones every installation has are built in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from archive_api.domain.socket_kinds import KINDS, SocketKind
from archive_api.domain.words import prefixes
from archive_shared.documents import Aggregate, Collection
from archive_shared.errors import Invalid

FIRST_FREE_NUMBER = 100
"""Smaller ones are for the built-in sockets, of which there may be more one day."""


@dataclass(frozen=True, kw_only=True)
class Segment:
    """A class of voxels of a segmentation."""

    name: str
    visible: bool
    voxel_value: int


@dataclass(kw_only=True)
class Socket(Aggregate):
    """A place for one value of one kind.

    Values were checked against it, so it never changes but for the segments of a segmentation, to which further ones are added.

    Parameters
    ----------
    id
        Its slug.
    number
        Its identifier on the wire, where sockets are numbered.
    kind
        Label of one of `archive_api.domain.socket_kinds.KINDS`.
    schema_text
        JSON Schema that values meet beside the one of their kind, as JSON text.
    default_text
        What a form may begin with, as JSON text; None for nothing.
    relative_path
        Where a downloaded value goes: a folder for images.
    in_database
        Whether JSON is kept with the item; otherwise as a file.
    overlay_segments
        Which voxels a segmentation may have beside 0; empty for other kinds.
    look_up_table_text
        The colours it is shown in, as they were when it was made, as JSON text; None for the viewer's own.
    example_text, example_note
        A value for those who make some, as JSON text, and what there is to know about it in markdown; None for none.
    """

    number: int
    title: str
    description: str = ""
    kind: str
    schema_text: str = "{}"
    default_text: str | None = None
    relative_path: str
    in_database: bool = False
    overlay_segments: list[Segment] = field(default_factory=list)
    look_up_table_text: str | None = None
    example_text: str | None = None
    example_note: str = ""
    created_at: datetime | None = None

    @property
    def slug(self) -> str:
        return self.id

    @property
    def traits(self) -> SocketKind:
        """Return what all sockets of this kind have in common."""
        return KINDS[self.kind]

    @property
    def super_kind(self) -> str:
        """Return `Image`, `File` or `Value`: how its values travel (spec/gcapi.md 2.2)."""
        if self.traits.group == "image":
            return "Image"
        return "Value" if self.in_database else "File"

    @property
    def voxel_values(self) -> set[int]:
        """Return which voxels a segmentation may hold."""
        return {0, *(segment.voxel_value for segment in self.overlay_segments)}

    def extend_segments(self, segments: list[Segment]) -> None:
        """Add classes of voxels; raise `Invalid` unless those there are stay as they are."""
        if segments[: len(self.overlay_segments)] != self.overlay_segments:
            raise Invalid(
                {"overlay_segments": ["Send those there are, in their order, with the new ones behind."]}
            )
        self.overlay_segments = segments

    @property
    def words(self) -> set[str]:
        """Return what it is found by: the words of what people read of it, and their beginnings."""
        return set(prefixes(f"{self.title} {self.kind} {self.description}"))


GENERIC_MEDICAL_IMAGE = Socket(
    id="generic-medical-image",
    number=1,
    title="Generic Medical Image",
    description="A scan or photograph as it was taken.",
    kind="Image",
    relative_path="images/medical-image",
)
GENERIC_OVERLAY = Socket(
    id="generic-overlay",
    number=2,
    title="Generic Overlay",
    description="An image laid over another one of the same item.",
    kind="Heat Map",
    relative_path="images/generic-overlay",
)

BUILT_IN: Mapping[str, Socket] = {socket.id: socket for socket in (GENERIC_MEDICAL_IMAGE, GENERIC_OVERLAY)}

SOCKETS = Collection(
    "sockets",
    fields={
        "number": "number",
        "title": "title",
        "relative_path": "relative_path",
        "created_at": "created_at",
    },
    unique=[("number",), ("title",), ("relative_path",)],
)


def segments_from(sent: Sequence[Mapping[str, Any]]) -> list[Segment]:
    return [Segment(**each) for each in sent]
