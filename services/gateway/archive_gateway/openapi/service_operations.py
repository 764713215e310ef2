"""What the routes of permissions, ingest, the tiler and the feed take and answer."""

from archive_gateway.openapi.json_schema import named
from archive_gateway.openapi.operation import (
    GONE,
    PICTURES,
    Key,
    Operation,
    made,
    one,
    page,
    picture,
    raw,
)
from archive_gateway.openapi.parameters import REGION, WINDOW
from feed.entrypoints.http import schemas as feed
from ingest_worker.entrypoints.http import schemas as ingest
from permissions.entrypoints.http import schemas as permissions

ARCHIVE = "/api/v1/archives/<archive>"
REQUEST = f"{ARCHIVE}/requests/<pk>"
SESSIONS = "/api/v1/cases/upload-sessions"
UPLOAD = "/api/v1/uploads/<pk>/<multipart_id>"
IMAGE = "/api/v1/tiles/images/<image>"
HOOK = "/api/v1/webhooks/<pk>"

_IMPORT: dict[Key, Operation] = {
    ("GET", f"{SESSIONS}/"): page("UploadSession"),
    ("POST", f"{SESSIONS}/"): made("UploadSession", ingest.NewSession(), further={200: named("Placements")}),
    ("GET", f"{SESSIONS}/<pk>/"): one("UploadSession"),
    ("POST", f"{SESSIONS}/<pk>/cancel/"): one("UploadSession"),
    ("POST", f"{SESSIONS}/<pk>/retry/"): one("UploadSession"),
    ("GET", "/api/v1/uploads/"): page("Upload"),
    ("POST", "/api/v1/uploads/"): made("Upload", ingest.NewUpload()),
    ("GET", "/api/v1/uploads/<pk>/"): one("Upload"),
    ("PATCH", f"{UPLOAD}/abort-multipart-upload/"): one("Upload"),
    ("PATCH", f"{UPLOAD}/complete-multipart-upload/"): one("Upload", ingest.SentParts()),
    ("PATCH", f"{UPLOAD}/generate-presigned-urls/"): one("SignedUpload", ingest.PartNumbers()),
    ("GET", f"{UPLOAD}/list-parts/"): one("UploadWithParts"),
}
_ROLES: dict[Key, Operation] = {
    ("GET", "/api/v1/access-requests/"): page("AccessRequest"),
    ("GET", f"{ARCHIVE}/admission/"): one("OwnAdmission"),
    ("PATCH", f"{ARCHIVE}/admission/"): one("Admission", permissions.ChangedAdmission()),
    ("GET", f"{ARCHIVE}/members/"): Operation(answer=page("Member").answer),
    ("POST", f"{ARCHIVE}/members/"): made("Member", permissions.NewMember()),
    ("DELETE", f"{ARCHIVE}/members/<user>/<role>/"): GONE,
    ("GET", f"{ARCHIVE}/requests/"): page("AccessRequest", "state"),
    ("POST", f"{ARCHIVE}/requests/"): made("AccessRequest", permissions.NewRequest()),
    ("POST", f"{REQUEST}/accept/"): one("AccessRequest"),
    ("POST", f"{REQUEST}/reject/"): one("AccessRequest", permissions.Rejection()),
    ("POST", f"{REQUEST}/withdraw/"): one("AccessRequest"),
    ("GET", f"{ARCHIVE}/trail/"): page("Act"),
    ("GET", f"{ARCHIVE}/trail.csv"): raw("text/csv"),
    ("GET", "/api/v1/trail/"): page("Act"),
    ("GET", "/api/v1/trail.csv"): raw("text/csv"),
}
_PEOPLE: dict[Key, Operation] = {
    ("GET", "/api/v1/notifications/"): page("Notification", "unread"),
    ("DELETE", "/api/v1/notifications/<pk>/"): GONE,
    ("POST", "/api/v1/notifications/<pk>/read/"): one("Notification"),
    ("POST", "/api/v1/notifications/read/"): GONE,
    ("GET", "/api/v1/organisations/"): page("Organisation", "search"),
    ("POST", "/api/v1/organisations/"): made("Organisation", permissions.NewOrganisation()),
    ("GET", "/api/v1/organisations/<pk>/"): one("Organisation"),
    ("PATCH", "/api/v1/organisations/<pk>/"): one("Organisation", permissions.ChangedOrganisation()),
    ("POST", "/api/v1/sessions/"): made("User", permissions.SignIn()),
    ("DELETE", "/api/v1/sessions/current/"): GONE,
    ("GET", "/api/v1/tokens/"): page("Token"),
    ("POST", "/api/v1/tokens/"): made("IssuedToken", permissions.NewToken()),
    ("DELETE", "/api/v1/tokens/<pk>/"): GONE,
    ("GET", "/api/v1/users/"): page("User"),
    ("POST", "/api/v1/users/"): made("User", permissions.NewUser()),
    ("GET", "/api/v1/users/<pk>/"): one("User"),
    ("PATCH", "/api/v1/users/<pk>/"): one("User", permissions.ChangedUser()),
    ("PUT", "/api/v1/users/<pk>/password/"): Operation(
        body=permissions.NewPassword(), answer=None, statuses=(204,)
    ),
    ("GET", "/api/v1/users/find/"): one("People", query=("name",)),
    ("GET", "/api/v1/users/me/"): one("User"),
    ("PATCH", "/api/v1/users/me/"): one("User", permissions.OwnMail()),
}
_SLICE = picture(*PICTURES, "application/x-npy", query=WINDOW)
_PICTURES: dict[Key, Operation] = {
    ("GET", f"{IMAGE}{route}"): operation
    for route, operation in {
        "/": one("Pyramid"),
        ".dzi": raw("application/xml"),
        "_files/<int:level>/<int:column>_<int:row>.<extension>": picture(*PICTURES),
        "/<int:z>/<int:x>/<int:y>.<extension>": picture(*PICTURES),
        "/associated/": one("Associated"),
        "/associated/<name>.png": raw("image/png"),
        "/icc": raw("application/vnd.iccprofile"),
        "/iiif": raw("text/html", statuses=(303,)),
        "/iiif/<region>/<size>/<rotation>/<quality>.<format>": picture(*PICTURES),
        "/iiif/info.json": one("IiifInfo", content_types=("application/ld+json",)),
        "/pass": one("TilePass"),
        "/preview.jpeg": picture("image/jpeg"),
        "/progress/": one("ConversionProgress"),
        "/region.<extension>": picture(*PICTURES, query=REGION),
        "/slices/<axis>/<int:index>.<encoding>": _SLICE,
        "/thumbnail.jpeg": picture("image/jpeg", query=("size",)),
        "/v/<version>/slices/<axis>/<int:index>.<encoding>": _SLICE,
        "/volume": one("Volume"),
    }.items()
}
_FEED: dict[Key, Operation] = {
    ("GET", "/api/v1/events/"): one("Events", query=("after", "types", "archive", "limit", "wait")),
    ("GET", "/api/v1/webhooks/"): page("Webhook"),
    ("POST", "/api/v1/webhooks/"): made("WebhookWithSecret", feed.NewWebhook()),
    ("GET", f"{HOOK}/"): one("Webhook"),
    ("PATCH", f"{HOOK}/"): one("Webhook", feed.ChangedWebhook()),
    ("DELETE", f"{HOOK}/"): GONE,
    ("POST", f"{HOOK}/rotate-secret/"): one("WebhookWithSecret"),
    ("POST", f"{HOOK}/test/"): made("Delivery", None, 202),
    ("GET", f"{HOOK}/deliveries/"): page("Delivery"),
    ("GET", f"{HOOK}/deliveries/<delivery>/"): one("Delivery"),
    ("POST", f"{HOOK}/deliveries/<delivery>/redeliver/"): made("Delivery", None, 202),
}

SERVICE_OPERATIONS = _IMPORT | _ROLES | _PEOPLE | _PICTURES | _FEED
