"""How items are kept: what of them can be searched, and what only one of them may have."""

from archive_shared.documents import Collection
from archive_shared.documents.repository import OUTBOX_FIELDS, OUTBOX_INDEX

ITEMS = Collection(
    "items",
    fields={
        **OUTBOX_FIELDS,
        "archive": "archive",
        "reserved_title": "reserved_title",
        "deleted": "deleted",
        "deleted_at": "deleted_at",
        "created_at": "created_at",
        "modified_at": "modified_at",
        "title": "title",
        "kept_is_known": "kept_is_known",
        "identifier": "_id",
        "identifier_to": "_id",
    },
    lists={"images": "images", "kept": "kept", "sessions": "sessions"},
    unique=[("archive", "reserved_title")],
    indexes=[
        OUTBOX_INDEX,
        ("archive", "deleted", "created_at", "_id"),
        ("archive", "deleted", "modified_at", "_id"),
        ("archive", "deleted", "title", "_id"),
        ("archive", "deleted", "identifier"),
        ("deleted", "created_at", "_id"),
        ("deleted", "deleted_at"),
        ("archive", "deleted", "deleted_at"),
    ],
)
