"""One sample of every event, all about the same archive, image, session and person; for the tests of the feed."""

from archive_shared.events import (
    AccessAccepted,
    AccessRejected,
    AccessRequested,
    ArchiveCreated,
    ArchiveUpdated,
    Event,
    FileRejected,
    ItemCreated,
    ItemDeleted,
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
from tests.support.imports import an_import

ARCHIVE, ITEM, SOCKET = "archive-1", "item-1", "generic-medical-image"
CREATOR = "user-uploader"
PERSON = "user-user"
IMPORT = an_import(archive=ARCHIVE, creator=CREATOR)
IMAGE, SESSION = IMPORT.image, IMPORT.session

SAMPLES: tuple[Event, ...] = (
    ArchiveCreated(archive=ARCHIVE, title="t", public=True, creator=CREATOR),
    ArchiveUpdated(archive=ARCHIVE, title="t", public=True),
    UploadCompleted(upload="upload-1", creator=CREATOR, size_bytes=1),
    SessionStarted(session=SESSION, creator=CREATOR, files=2),
    FileRejected(session=SESSION, file="a.txt", reasons=["no image"]),
    IMPORT,
    SessionSucceeded(session=SESSION, creator=CREATOR, images=[IMAGE], rejected_files=1),
    SessionFailed(session=SESSION, creator=CREATOR, reason="nothing in it"),
    ItemCreated(item=ITEM, archive=ARCHIVE, title="t", images=[IMAGE]),
    ItemUpdated(item=ITEM, archive=ARCHIVE, title="t"),
    ItemValueAdded(item=ITEM, archive=ARCHIVE, socket=SOCKET, image=IMAGE),
    ItemValueReplaced(item=ITEM, archive=ARCHIVE, socket=SOCKET, image=IMAGE, previous_image="image-before"),
    PreviewReady(image=IMAGE),
    TilesReady(image=IMAGE, levels=3),
    TilesFailed(image=IMAGE, reason="r"),
    SlideViewable(image=IMAGE, file=IMPORT.files[0], width=2, height=1, levels=3),
    SlideComplete(image=IMAGE, file=IMPORT.files[0], width=2, height=1, levels=3),
    ItemValueRemoved(item=ITEM, archive=ARCHIVE, socket=SOCKET, image="image-before"),
    ItemDeleted(item=ITEM, archive=ARCHIVE, images=["image-before"]),
    RoleGranted(archive=ARCHIVE, user=PERSON, role="user", granted_by="user-editor"),
    RoleRevoked(archive=ARCHIVE, user=PERSON, role="user", revoked_by="user-editor"),
    AccessRequested(request="request-1", archive=ARCHIVE, user=PERSON),
    AccessAccepted(request="request-1", archive=ARCHIVE, user=PERSON, accepted_by="user-editor"),
    AccessRejected(request="request-1", archive=ARCHIVE, user=PERSON, rejected_by="user-editor"),
    UserVerified(user=PERSON, verified=True, verified_by="user-admin"),
    UserChanged(user=PERSON, active=True, administrator=False, changed_by="user-admin"),
    TaskDue(task="task-1", step=0),
    TokenRevoked(token="token-1", user=PERSON, revoked_by=PERSON),
)
