"""The facts services tell one another; standard library only, so that any part may import them."""

from archive_shared.events.archives import (
    ArchiveCreated,
    ArchiveUpdated,
    ItemCreated,
    ItemDeleted,
    ItemUpdated,
    ItemValueAdded,
    ItemValueRemoved,
    ItemValueReplaced,
)
from archive_shared.events.base import Event, envelope
from archive_shared.events.imports import (
    FileRejected,
    ImageDescription,
    ImageFile,
    ImageImported,
    OriginalFile,
    SessionFailed,
    SessionStarted,
    SessionSucceeded,
    Slide,
    UploadCompleted,
)
from archive_shared.events.permissions import RoleGranted, RoleRevoked
from archive_shared.events.tiles import PreviewReady, TilesFailed, TilesReady

__all__ = [
    "ArchiveCreated",
    "ArchiveUpdated",
    "Event",
    "FileRejected",
    "ImageDescription",
    "ImageFile",
    "ImageImported",
    "ItemCreated",
    "ItemDeleted",
    "ItemUpdated",
    "ItemValueAdded",
    "ItemValueRemoved",
    "ItemValueReplaced",
    "OriginalFile",
    "PreviewReady",
    "RoleGranted",
    "RoleRevoked",
    "SessionFailed",
    "SessionStarted",
    "SessionSucceeded",
    "Slide",
    "TilesFailed",
    "TilesReady",
    "UploadCompleted",
    "envelope",
]
