"""What the routes of archive-api take and answer."""

from archive_api.domain.vocabulary import TermKind
from archive_api.entrypoints.http import publications, schemas, snapshots
from archive_api.entrypoints.http.display_settings import SHELVES
from archive_api.entrypoints.http.terms import SCHEMAS
from archive_gateway.openapi.display_answers import name_of
from archive_gateway.openapi.json_schema import TEXT, listed, named, page_of
from archive_gateway.openapi.operation import (
    GONE,
    Key,
    Operation,
    cursor_page,
    made,
    one,
    page,
    raw,
)
from archive_gateway.openapi.parameters import ARCHIVE_FILTERS, CURSOR, IMAGE_FILTERS, ITEM_FILTERS, PAGE

BINARY = "application/octet-stream"
ARCHIVE = "/api/v1/archives/<pk>"
SNAPSHOT = "/api/v1/archives/snapshots/<pk>"
ITEMS = "/api/v1/archives/items"
ITEM = f"{ITEMS}/<pk>"
SOCKETS = "/api/v1/components/interfaces"
VERSIONED = ("If-Match",)
CONDITIONAL = ("If-None-Match",)

_ARCHIVES: dict[Key, Operation] = {
    ("GET", "/api/v1/archives/"): Operation(
        answer=page_of("ArchiveCard"),
        content_types=("text/csv",),
        query=(*PAGE, *ARCHIVE_FILTERS, "list format"),
    ),
    ("POST", "/api/v1/archives/"): made("Archive", schemas.ArchiveFields(), form=True),
    ("GET", f"{ARCHIVE}/"): one("Archive"),
    ("PATCH", f"{ARCHIVE}/"): one(
        "Archive", schemas.ArchiveFields(partial=True), form=True, headers=VERSIONED
    ),
    ("DELETE", f"{ARCHIVE}/"): Operation(body=schemas.Confirmation(), answer=None, statuses=(204,)),
    ("GET", f"{ARCHIVE}/access-log/"): cursor_page("AccessNote", "subject"),
    ("POST", f"{ARCHIVE}/deletion/"): made("Deletion"),
    ("POST", f"{ARCHIVE}/downloads/"): made("Download", further={202: named("Download")}),
    ("GET", f"{ARCHIVE}/downloads/<download>/"): one("Download"),
    ("GET", f"{ARCHIVE}/downloads/<download>/archive.zip"): raw(
        "application/zip", statuses=(200, 206), headers=("Range",)
    ),
    ("GET", f"{ARCHIVE}/duplicates/"): one("Duplicates", query=(CURSOR,)),
    ("GET", f"{ARCHIVE}/export/"): raw(
        "text/csv", "application/jsonl", "application/vnd.apache.parquet", query=("table format",)
    ),
    ("GET", f"{ARCHIVE}/history/"): one("History"),
    ("POST", f"{ARCHIVE}/import/"): made(
        "TableTask", schemas.SentTable(), 202, further={200: named("CheckedTable")}
    ),
    ("GET", f"{ARCHIVE}/links/"): one("ServiceLinks"),
    ("DELETE", f"{ARCHIVE}/links/<link>/"): GONE,
    ("GET", f"{ARCHIVE}/manifest/"): raw("application/jsonl"),
    ("GET", f"{ARCHIVE}/deleted-items/"): page("DeletedItem"),
    ("GET", f"{ARCHIVE}/nameplate/"): one("Nameplate"),
    ("GET", f"{ARCHIVE}/nameplate/logo.png"): raw("image/png"),
    ("GET", f"{ARCHIVE}/patients/"): Operation(answer=listed(TEXT)),
    ("GET", f"{ARCHIVE}/studies/"): Operation(answer=listed(TEXT), query=("patient_id",)),
    ("GET", f"{ARCHIVE}/snapshots/"): page("Snapshot"),
    ("POST", f"{ARCHIVE}/snapshots/"): made(
        "Snapshot", snapshots.NewSnapshot(), further={202: named("Task")}
    ),
    ("GET", f"{SNAPSHOT}/"): one("Snapshot"),
    ("PATCH", f"{SNAPSHOT}/"): one("Snapshot", snapshots.CitationFields(partial=True)),
    ("GET", f"{SNAPSHOT}/items/"): page("FrozenItem"),
    ("GET", f"{SNAPSHOT}/manifest/"): raw("application/jsonl"),
}
_ITEMS: dict[Key, Operation] = {
    ("GET", f"{ITEMS}/"): cursor_page("Item", *ITEM_FILTERS),
    ("POST", f"{ITEMS}/"): made("WrittenItem", schemas.NewItem()),
    ("POST", f"{ITEMS}/bulk/"): made("Task", schemas.Bulk(), 202),
    ("GET", f"{ITEM}/"): one("Item"),
    ("PATCH", f"{ITEM}/"): one("WrittenItem", schemas.ItemPatch(), headers=VERSIONED),
    ("PUT", f"{ITEM}/"): one("WrittenItem", schemas.ItemReplacement(), headers=VERSIONED),
    ("DELETE", f"{ITEM}/"): Operation(answer=None, statuses=(204,), headers=VERSIONED),
    ("POST", f"{ITEM}/copy/"): made("WrittenItem", schemas.Destination()),
    ("POST", f"{ITEM}/move/"): one("WrittenItem", schemas.Destination(), headers=VERSIONED),
    ("POST", f"{ITEM}/restore/"): one("WrittenItem", headers=VERSIONED),
    ("GET", f"{ITEM}/history/"): one("History"),
    ("GET", f"{ITEM}/view-link/"): one("ViewLink"),
    ("GET", f"{ITEM}/viewing/"): one("Viewing"),
    ("GET", "/api/v1/tasks/"): page("Task"),
    ("GET", "/api/v1/tasks/<pk>/"): one("Task"),
}
_IMAGES_AND_SOCKETS: dict[Key, Operation] = {
    ("GET", "/api/v1/cases/images/"): Operation(
        answer=page_of("Image"),
        content_types=("text/csv",),
        query=(*PAGE, CURSOR, *IMAGE_FILTERS, "list format"),
    ),
    ("GET", "/api/v1/cases/images/<pk>/"): one("Image"),
    ("GET", f"{SOCKETS}/"): page("Socket", "slug", "search"),
    ("POST", f"{SOCKETS}/"): made("Socket", schemas.NewSocketFields()),
    ("GET", f"{SOCKETS}/<int:pk>/"): one("Socket"),
    ("PATCH", f"{SOCKETS}/<int:pk>/"): one("Socket", schemas.ExtendedSegments()),
    ("GET", "/api/v1/gcapi/"): one("ClientVersions"),
}
_FILES: dict[Key, Operation] = {
    ("GET", f"/media/{route}"): operation
    for route, operation in {
        "snapshots/<snapshot>/<item>/<int:value>/<name>": raw(BINARY, statuses=(302,)),
        "images/<image>/<file>/<name>": raw(BINARY, statuses=(302,)),
        "items/<item>/<int:value>/<name>": raw(BINARY, statuses=(302,)),
        "logos/<archive>/<name>": raw("image/png", statuses=(200, 304), headers=CONDITIONAL),
        "logos/<archive>/<int:width>/<name>": raw("image/png", statuses=(200, 304), headers=CONDITIONAL),
        "viewer-logos/<viewer>/<name>": raw("image/png", statuses=(200, 304), headers=CONDITIONAL),
        "viewer-logos/<viewer>/<int:width>/<name>": raw(
            "image/png", statuses=(200, 304), headers=CONDITIONAL
        ),
        "social-images/<archive>/<name>": raw("image/png", statuses=(200, 304), headers=CONDITIONAL),
        "social-images/<archive>/<int:width>/<name>": raw(
            "image/png", statuses=(200, 304), headers=CONDITIONAL
        ),
    }.items()
}
_DISPLAY: dict[Key, Operation] = {
    (method, f"/api/v1/{shelf.path}/{rest}"): operation
    for shelf in SHELVES
    for name in (name_of(shelf),)
    for method, rest, operation in (
        ("GET", "", page(name, "slug", *(("default",) if name == "Viewer" else ()))),
        ("POST", "", made(name, shelf.schema())),
        ("GET", "<pk>/", one(name)),
        ("PATCH", "<pk>/", one(name, shelf.schema(partial=True))),
        ("DELETE", "<pk>/", GONE),
    )
}
_TERMS: dict[Key, Operation] = {
    (method, f"/api/v1/{kind.value}/{rest}"): operation
    for kind, name in ((TermKind.MODALITY, "Modality"), (TermKind.STRUCTURE, "Structure"))
    for new, change in (SCHEMAS[kind],)
    for method, rest, operation in (
        ("GET", "", page(name)),
        ("POST", "", made(name, new())),
        ("GET", "<slug>/", one(name)),
        ("PATCH", "<slug>/", one(name, change(partial=True))),
        ("DELETE", "<slug>/", GONE),
    )
}
PUBLICATIONS = "/api/v1/publications"
_PUBLICATIONS: dict[Key, Operation] = {
    ("GET", f"{PUBLICATIONS}/"): page("Publication", "identifier"),
    ("POST", f"{PUBLICATIONS}/"): made("Publication", publications.PublicationFields()),
    ("GET", f"{PUBLICATIONS}/<pk>/"): one("Publication"),
    ("PATCH", f"{PUBLICATIONS}/<pk>/"): one("Publication", publications.PublicationFields()),
    ("DELETE", f"{PUBLICATIONS}/<pk>/"): GONE,
}

ARCHIVE_OPERATIONS = _ARCHIVES | _ITEMS | _IMAGES_AND_SOCKETS | _FILES | _DISPLAY | _TERMS | _PUBLICATIONS
