"""What each route takes and answers; a route without a row takes no body and answers with some JSON."""

from dataclasses import dataclass, field
from typing import Any

from marshmallow import Schema

from archive_api.entrypoints.http import display_settings, snapshots
from archive_api.entrypoints.http import schemas as archive_api
from archive_gateway.openapi.answers import (
    ANYTHING,
    TEXT,
    JsonSchema,
    listed,
    named,
    page_of,
    thing,
)
from feed.entrypoints.http import schemas as feed
from ingest_worker.entrypoints.http import schemas as ingest
from permissions.entrypoints.http import schemas as permissions

PAGE = ("limit", "offset")
BINARY = "application/octet-stream"


@dataclass(frozen=True, kw_only=True)
class Operation:
    """What is known of a route beyond its address.

    Parameters
    ----------
    body
        What is sent as JSON, None for nothing.
    answer
        What comes back as JSON, None for nothing at all.
    content_types
        What else comes back, or instead where there is no answer in JSON.
    statuses
        Of success; the first one has the answer.
    query
        Names of parameters of the query.
    """

    body: Schema | None = None
    answer: JsonSchema | None = field(default_factory=lambda: ANYTHING)
    content_types: tuple[str, ...] = ()
    statuses: tuple[int, ...] = (200,)
    query: tuple[str, ...] = ()


def _page(name: str, *query: str) -> Operation:
    return Operation(answer=page_of(name), query=(*PAGE, *query))


def _made(name: str, body: Schema | None = None, status: int = 201) -> Operation:
    return Operation(body=body, answer=named(name), statuses=(status,))


def _one(name: str, body: Schema | None = None) -> Operation:
    return Operation(body=body, answer=named(name))


def _raw(*content_types: str, statuses: tuple[int, ...] = (200,), query: tuple[str, ...] = ()) -> Operation:
    return Operation(answer=None, content_types=content_types, statuses=statuses, query=query)


GONE = Operation(answer=None, statuses=(204,))
ARCHIVE = "/api/v1/archives/<pk>"
SNAPSHOT = "/api/v1/archives/snapshots/<pk>"
ITEM = "/api/v1/archives/items/<pk>"
REQUEST = "/api/v1/archives/<archive>/requests/<pk>"
UPLOAD = "/api/v1/uploads/<pk>/<multipart_id>"
IMAGE = "/api/v1/tiles/images/<image>"
HOOK = "/api/v1/webhooks/<pk>"

OPERATIONS: dict[tuple[str, str], Operation] = {
    # --- archive-api
    ("GET", "/api/v1/archives/"): _page("Archive", "search", "slug", "ordering", "mine", "public"),
    ("POST", "/api/v1/archives/"): _made("Archive", archive_api.ArchiveFields()),
    ("GET", f"{ARCHIVE}/"): _one("Archive"),
    ("PATCH", f"{ARCHIVE}/"): _one("Archive", archive_api.ArchiveFields(partial=True)),
    ("DELETE", f"{ARCHIVE}/"): Operation(body=archive_api.Confirmation(), answer=None, statuses=(204,)),
    ("GET", f"{ARCHIVE}/access-log/"): _page("AccessNote", "cursor"),
    ("POST", f"{ARCHIVE}/deletion/"): Operation(statuses=(201,)),
    ("POST", f"{ARCHIVE}/downloads/"): _made("Download"),
    ("GET", f"{ARCHIVE}/downloads/<download>/archive.zip"): _raw("application/zip", statuses=(200, 206)),
    ("GET", f"{ARCHIVE}/duplicates/"): Operation(
        answer=thing(results=listed(ANYTHING), by_source=listed(ANYTHING))
    ),
    ("GET", f"{ARCHIVE}/export/"): _raw(
        "text/csv", "application/jsonl", "application/vnd.apache.parquet", query=("format",)
    ),
    ("GET", f"{ARCHIVE}/history/"): _one("History"),
    ("POST", f"{ARCHIVE}/import/"): Operation(body=archive_api.SentTable(), statuses=(202, 200)),
    ("GET", f"{ARCHIVE}/manifest/"): _raw("application/jsonl"),
    ("GET", f"{ARCHIVE}/patients/"): Operation(answer=listed(TEXT)),
    ("GET", f"{ARCHIVE}/studies/"): Operation(answer=listed(TEXT), query=("patient_id",)),
    ("GET", "/api/v1/archives/items/"): _page("Item", "cursor", "archive", "search", "socket"),
    ("POST", "/api/v1/archives/items/"): _made("Item", archive_api.NewItem()),
    ("POST", "/api/v1/archives/items/bulk/"): _made("Task", archive_api.Bulk(), 202),
    ("GET", f"{ITEM}/"): _one("Item"),
    ("PATCH", f"{ITEM}/"): _one("Item", archive_api.ItemPatch()),
    ("PUT", f"{ITEM}/"): _one("Item", archive_api.ItemReplacement()),
    ("DELETE", f"{ITEM}/"): GONE,
    ("POST", f"{ITEM}/copy/"): _made("Item", archive_api.Destination()),
    ("POST", f"{ITEM}/move/"): _one("Item", archive_api.Destination()),
    ("POST", f"{ITEM}/restore/"): _one("Item"),
    ("GET", f"{ITEM}/history/"): _one("History"),
    ("GET", "/api/v1/cases/images/"): Operation(
        answer=page_of("Image"),
        content_types=("text/csv",),
        query=(
            *PAGE,
            "cursor",
            "archive",
            "ordering",
            "format",
            "origin",
            "patient_id",
            "name__contains",
            "width__gte",
        ),
    ),
    ("GET", "/api/v1/cases/images/<pk>/"): _one("Image"),
    ("GET", "/api/v1/components/interfaces/"): _page("Socket", "slug", "search"),
    ("POST", "/api/v1/components/interfaces/"): _made("Socket", archive_api.NewSocketFields()),
    ("GET", "/api/v1/components/interfaces/<int:pk>/"): _one("Socket"),
    ("GET", "/api/v1/tasks/"): _page("Task"),
    ("GET", "/api/v1/tasks/<pk>/"): _one("Task"),
    ("GET", f"{ARCHIVE}/links/"): Operation(answer=thing(results=listed(ANYTHING))),
    ("DELETE", f"{ARCHIVE}/links/<link>/"): GONE,
    ("GET", f"{ARCHIVE}/nameplate/logo.png"): _raw("image/png"),
    ("GET", f"{ARCHIVE}/snapshots/"): _page("Snapshot"),
    ("POST", f"{ARCHIVE}/snapshots/"): _made("Snapshot", snapshots.NewSnapshot()),
    ("GET", f"{SNAPSHOT}/"): _one("Snapshot"),
    ("PATCH", f"{SNAPSHOT}/"): _one("Snapshot", snapshots.CitationFields(partial=True)),
    ("GET", f"{SNAPSHOT}/items/"): _page("FrozenItem"),
    ("GET", f"{SNAPSHOT}/manifest/"): _raw("application/jsonl"),
    ("GET", "/media/snapshots/<snapshot>/<item>/<int:value>/<name>"): _raw(BINARY, statuses=(302,)),
    ("GET", "/media/images/<image>/<file>/<name>"): _raw(BINARY, statuses=(302,)),
    ("GET", "/media/items/<item>/<int:value>/<name>"): _raw(BINARY, statuses=(302,)),
    ("GET", "/media/logos/<archive>/<name>"): _raw("image/png"),
    ("GET", "/media/logos/<archive>/<int:width>/<name>"): _raw("image/png"),
    ("GET", "/media/social-images/<archive>/<name>"): _raw("image/png"),
    **{
        (method, f"/api/v1/{shelf.path}/{rest}"): operation
        for shelf in display_settings.SHELVES
        for method, rest, operation in (
            ("GET", "", _page("DisplaySetting", "slug")),
            ("POST", "", _made("DisplaySetting", shelf.schema())),
            ("GET", "<pk>/", _one("DisplaySetting")),
            ("PATCH", "<pk>/", _one("DisplaySetting", shelf.schema(partial=True))),
            ("DELETE", "<pk>/", GONE),
        )
    },
    # --- ingest-worker
    ("GET", "/api/v1/cases/upload-sessions/"): _page("UploadSession"),
    ("POST", "/api/v1/cases/upload-sessions/"): Operation(
        body=ingest.NewSession(), answer=named("UploadSession"), statuses=(201, 200)
    ),
    ("GET", "/api/v1/cases/upload-sessions/<pk>/"): _one("UploadSession"),
    ("POST", "/api/v1/cases/upload-sessions/<pk>/cancel/"): _one("UploadSession"),
    ("POST", "/api/v1/cases/upload-sessions/<pk>/retry/"): _one("UploadSession"),
    ("GET", "/api/v1/uploads/"): _page("Upload"),
    ("POST", "/api/v1/uploads/"): _made("Upload", ingest.NewUpload()),
    ("GET", "/api/v1/uploads/<pk>/"): _one("Upload"),
    ("PATCH", f"{UPLOAD}/abort-multipart-upload/"): _one("Upload"),
    ("PATCH", f"{UPLOAD}/complete-multipart-upload/"): _one("Upload", ingest.SentParts()),
    ("PATCH", f"{UPLOAD}/generate-presigned-urls/"): Operation(
        body=ingest.PartNumbers(), answer=thing(presigned_urls=ANYTHING)
    ),
    ("GET", f"{UPLOAD}/list-parts/"): Operation(answer=listed(ANYTHING)),
    # --- permissions
    ("GET", "/api/v1/access-requests/"): _page("AccessRequest"),
    ("GET", "/api/v1/archives/<archive>/admission/"): _one("Admission"),
    ("PATCH", "/api/v1/archives/<archive>/admission/"): _one("Admission", permissions.ChangedAdmission()),
    ("GET", "/api/v1/archives/<archive>/members/"): _page("Member"),
    ("POST", "/api/v1/archives/<archive>/members/"): _made("Member", permissions.NewMember()),
    ("DELETE", "/api/v1/archives/<archive>/members/<user>/<role>/"): GONE,
    ("GET", "/api/v1/archives/<archive>/requests/"): _page("AccessRequest", "state"),
    ("POST", "/api/v1/archives/<archive>/requests/"): _made("AccessRequest", permissions.NewRequest()),
    ("POST", f"{REQUEST}/accept/"): _one("AccessRequest"),
    ("POST", f"{REQUEST}/reject/"): _one("AccessRequest", permissions.Rejection()),
    ("POST", f"{REQUEST}/withdraw/"): _one("AccessRequest"),
    ("GET", "/api/v1/archives/<archive>/trail/"): _page("Act"),
    ("GET", "/api/v1/archives/<archive>/trail.csv"): _raw("text/csv"),
    ("GET", "/api/v1/trail/"): _page("Act"),
    ("GET", "/api/v1/trail.csv"): _raw("text/csv"),
    ("GET", "/api/v1/notifications/"): _page("Notification", "unread"),
    ("POST", "/api/v1/notifications/<pk>/read/"): GONE,
    ("POST", "/api/v1/notifications/read/"): GONE,
    ("GET", "/api/v1/organisations/"): _page("Organisation"),
    ("POST", "/api/v1/organisations/"): _made("Organisation", permissions.NewOrganisation()),
    ("GET", "/api/v1/organisations/<pk>/"): _one("Organisation"),
    ("PATCH", "/api/v1/organisations/<pk>/"): _one("Organisation", permissions.ChangedOrganisation()),
    ("POST", "/api/v1/sessions/"): _made("User", permissions.SignIn()),
    ("DELETE", "/api/v1/sessions/current/"): GONE,
    ("GET", "/api/v1/tokens/"): _page("Token"),
    ("POST", "/api/v1/tokens/"): _made("Token", permissions.NewToken()),
    ("DELETE", "/api/v1/tokens/<pk>/"): GONE,
    ("GET", "/api/v1/users/"): _page("User"),
    ("POST", "/api/v1/users/"): _made("User", permissions.NewUser()),
    ("GET", "/api/v1/users/<pk>/"): _one("User"),
    ("PATCH", "/api/v1/users/<pk>/"): _one("User", permissions.ChangedUser()),
    ("PUT", "/api/v1/users/<pk>/password/"): Operation(
        body=permissions.NewPassword(), answer=None, statuses=(204,)
    ),
    ("GET", "/api/v1/users/find/"): Operation(answer=thing(results=listed(named("Person"))), query=("name",)),
    ("GET", "/api/v1/users/me/"): _one("User"),
    ("PATCH", "/api/v1/users/me/"): _one("User", permissions.OwnMail()),
    # --- tiler
    ("GET", f"{IMAGE}.dzi"): _raw("application/xml", "text/xml"),
    ("GET", f"{IMAGE}/<int:z>/<int:x>/<int:y>.<extension>"): _raw("image/jpeg", "image/webp", "image/png"),
    ("GET", f"{IMAGE}/iiif"): _raw("text/html", statuses=(303, 302, 301)),
    ("GET", f"{IMAGE}/iiif/<region>/<size>/<rotation>/<quality>.<format>"): _raw(
        "image/jpeg", "image/webp", "image/png"
    ),
    ("GET", f"{IMAGE}/iiif/info.json"): Operation(content_types=("application/ld+json",)),
    ("GET", f"{IMAGE}/preview.jpeg"): _raw("image/jpeg"),
    ("GET", f"{IMAGE}/region.<extension>"): _raw("image/jpeg", "image/webp", "image/png"),
    ("GET", f"{IMAGE}/thumbnail.jpeg"): _raw("image/jpeg"),
    ("GET", f"{IMAGE}_files/<int:level>/<int:column>_<int:row>.<extension>"): _raw(
        "image/jpeg", "image/webp", "image/png"
    ),
    # --- feed
    ("GET", "/api/v1/events/"): Operation(
        answer=named("Events"), query=("after", "types", "archive", "limit", "wait")
    ),
    ("GET", "/api/v1/webhooks/"): _page("Webhook"),
    ("POST", "/api/v1/webhooks/"): _made("Webhook", feed.NewWebhook()),
    ("GET", f"{HOOK}/"): _one("Webhook"),
    ("PATCH", f"{HOOK}/"): _one("Webhook", feed.ChangedWebhook()),
    ("DELETE", f"{HOOK}/"): GONE,
    ("POST", f"{HOOK}/rotate-secret/"): _one("Webhook"),
    ("POST", f"{HOOK}/test/"): _made("Delivery", None, 202),
    ("GET", f"{HOOK}/deliveries/"): _page("Delivery"),
    ("GET", f"{HOOK}/deliveries/<delivery>/"): _one("Delivery"),
    ("POST", f"{HOOK}/deliveries/<delivery>/redeliver/"): _made("Delivery", None, 202),
}

QUERY: dict[str, Any] = {
    "limit": {"type": "integer", "minimum": 0, "maximum": 1000, "default": 100},
    "offset": {"type": "integer", "minimum": 0, "maximum": 2**53, "default": 0},
}
