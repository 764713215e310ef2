"""Imported images as the ingest worker announces them, for tests of those who listen."""

from typing import Any

from archive_shared.events import ImageDescription, ImageFile, ImageImported
from archive_shared.identifiers import derived_id

SOCKET = "generic-medical-image"
_DESCRIPTION: dict[str, Any] = {
    "width": 512,
    "height": 256,
    "depth": 60,
    "voxel_width_mm": 0.5,
    "voxel_height_mm": 0.7,
    "voxel_depth_mm": 2.5,
    "patient_id": "P1",
    "study_date": "2026-01-31",
}


def an_import(
    name: str = "ct.mha",
    *,
    archive: str | None = None,
    item: str | None = None,
    socket: str = SOCKET,
    creator: str = "user-uploader",
    image: str | None = None,
    type: str = "MHD",
    session: str | None = None,
    session_image_count: int = 1,
    **about: Any,
) -> ImageImported:
    """Return the announcement of an image; the same name gives the same image. `about` goes into its description."""
    identifier = image or derived_id("test image", name)
    file = ImageFile(
        id=derived_id("test file", identifier),
        type=type,
        name=name,
        key=f"{identifier}/1/{name}",
        size_bytes=1234,
        sha256="ab" * 32,
    )
    return ImageImported(
        image=identifier,
        session=session or derived_id("test session", identifier),
        creator=creator,
        archive=archive,
        item=item,
        socket=socket,
        name=name,
        sources=[name],
        pixels_sha256="cd" * 32,
        files=[file],
        description=ImageDescription(**(_DESCRIPTION | about)),
        session_image_count=session_image_count,
    )
