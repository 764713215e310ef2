"""THE list of all events: who says them, which parts of the platform listen, and when they are said.

Messaging reads events through it, the generator writes docs/contracts from it, and the architecture tests
hold that nothing is missing. Other services may subscribe to any event; they are not listed.
"""

from dataclasses import dataclass, replace

from archive_shared.events import (
    AccessAccepted,
    AccessRejected,
    AccessRequested,
    ArchiveCreated,
    ArchiveDeleted,
    ArchiveUpdated,
    Event,
    FileRejected,
    ImageDeleted,
    ImageImported,
    ItemCreated,
    ItemDeleted,
    ItemMoved,
    ItemReady,
    ItemRestored,
    ItemUpdated,
    ItemValueAdded,
    ItemValueRemoved,
    ItemValueReplaced,
    PreviewReady,
    RoleGranted,
    RoleRevoked,
    SessionFailed,
    SessionStarted,
    SessionSucceeded,
    SlideComplete,
    SlideViewable,
    TaskDue,
    TilesFailed,
    TilesReady,
    TokenRevoked,
    UploadCompleted,
    UserChanged,
    UserVerified,
)

PERMISSIONS = "permissions"
ARCHIVE_API = "archive-api"
INGEST_WORKER = "ingest-worker"
TILER = "tiler"
FEED = "feed"


@dataclass(frozen=True)
class Entry:
    """One event of the platform.

    Parameters
    ----------
    producer
        The only service that says it.
    consumers
        Services of the platform that act on it.
    description
        When it is said, in words of people who subscribe.
    """

    event: type[Event]
    producer: str
    consumers: tuple[str, ...]
    description: str


_ENTRIES = (
    Entry(RoleGranted, PERMISSIONS, (), "A person got a role on an archive, or another role than before."),
    Entry(RoleRevoked, PERMISSIONS, (), "A person lost a role on an archive."),
    Entry(
        AccessRequested,
        PERMISSIONS,
        (),
        "A person asks for access to an archive, and its editors have to decide.",
    ),
    Entry(
        AccessAccepted,
        PERMISSIONS,
        (),
        "A request for access was accepted, by an editor or by the archive's rule.",
    ),
    Entry(AccessRejected, PERMISSIONS, (), "A request for access was rejected."),
    Entry(TokenRevoked, PERMISSIONS, (), "An API token or the session of a page is no longer good."),
    Entry(UserVerified, PERMISSIONS, (), "An administrator vouches for who a person is, or does no longer."),
    Entry(
        UserChanged,
        PERMISSIONS,
        (),
        "A person may sign in no longer, or again; became an administrator, or is none any more.",
    ),
    Entry(ArchiveCreated, ARCHIVE_API, (), "An archive was created and can be filled."),
    Entry(ArchiveUpdated, ARCHIVE_API, (), "The settings of an archive changed."),
    Entry(
        ArchiveDeleted, ARCHIVE_API, (ARCHIVE_API, PERMISSIONS), "An archive was deleted; its items follow."
    ),
    # archive-api hears its own item events to keep the index of which archives hold an image.
    Entry(ItemCreated, ARCHIVE_API, (ARCHIVE_API,), "An item is in its archive and can be looked at."),
    Entry(
        ItemReady,
        ARCHIVE_API,
        (),
        "Everything of an item is there for the first time: imports are done, images can be looked at.",
    ),
    Entry(ItemUpdated, ARCHIVE_API, (ARCHIVE_API,), "The title of an item changed."),
    Entry(ItemValueAdded, ARCHIVE_API, (ARCHIVE_API,), "An item got a value for a socket that had none."),
    Entry(
        ItemValueReplaced,
        ARCHIVE_API,
        (ARCHIVE_API,),
        "The value of an item's socket is another one now.",
    ),
    Entry(ItemValueRemoved, ARCHIVE_API, (ARCHIVE_API,), "An item has no value for a socket any more."),
    Entry(ItemDeleted, ARCHIVE_API, (ARCHIVE_API,), "An item is gone from its archive."),
    Entry(ItemRestored, ARCHIVE_API, (ARCHIVE_API,), "A deleted item is back in its archive."),
    Entry(ItemMoved, ARCHIVE_API, (ARCHIVE_API,), "An item is in another archive now."),
    Entry(
        ImageDeleted,
        ARCHIVE_API,
        (INGEST_WORKER, TILER),
        "An image is gone for good, with all that was made of it.",
    ),
    Entry(TaskDue, ARCHIVE_API, (ARCHIVE_API,), "The next step of a long task can be done."),
    Entry(
        UploadCompleted, INGEST_WORKER, (), "All bytes of an uploaded file are stored; nobody read them yet."
    ),
    Entry(SessionStarted, INGEST_WORKER, (), "A worker began to import an upload session."),
    Entry(
        SessionSucceeded,
        INGEST_WORKER,
        (PERMISSIONS,),
        "The import of an upload session ended with at least one image.",
    ),
    Entry(
        SessionFailed,
        INGEST_WORKER,
        (ARCHIVE_API, PERMISSIONS),
        "The import of an upload session ended without any image.",
    ),
    Entry(FileRejected, INGEST_WORKER, (), "One file of an upload session was refused, with the reasons."),
    Entry(
        ImageImported,
        INGEST_WORKER,
        (ARCHIVE_API, TILER),
        "An image is stored in its canonical form, ready to use.",
    ),
    Entry(PreviewReady, TILER, (ARCHIVE_API,), "The preview picture of an image can be fetched."),
    Entry(TilesReady, TILER, (ARCHIVE_API,), "The tiles of a pyramidal image can be fetched."),
    Entry(
        SlideViewable,
        TILER,
        (TILER, ARCHIVE_API),
        "A slide can be looked at; levels that lack are made while one looks.",
    ),
    Entry(
        SlideComplete, TILER, (TILER, ARCHIVE_API), "The canonical slide with all of its levels is stored."
    ),
    Entry(
        TilesFailed,
        TILER,
        (TILER, ARCHIVE_API),
        "An image got no preview and no tiles, and will not get any.",
    ),
)

CATALOGUE: tuple[Entry, ...] = tuple(replace(entry, consumers=(*entry.consumers, FEED)) for entry in _ENTRIES)
"""The feed hears everything: it tells it to those who speak HTTP only."""

_CLASSES = {entry.event.TYPE: entry.event for entry in CATALOGUE}


def event_class(type: str) -> type[Event] | None:
    """Return the class of an event type, None when this version of the platform does not know it."""
    return _CLASSES.get(type)
