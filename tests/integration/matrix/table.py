"""The table: what each kind of caller gets from every route of every service."""

from archive_gateway.routes import Service

WHO = ("anonymous", "wrong", "outsider", "user", "uploader", "editor", "administrator")
Statuses = tuple[int, int, int, int, int, int, int]

ALL: Statuses = (200,) * 7
NOBODY: Statuses = (401,) * 7
SOMEBODY: Statuses = (401, 401, 200, 200, 200, 200, 200)
CREATED: Statuses = (401, 401, 201, 201, 201, 201, 201)
DONE: Statuses = (401, 401, 204, 204, 204, 204, 204)
NOT_THEIRS: Statuses = (401, 401, 404, 404, 404, 404, 404)  # of somebody else, whoever asks
ROLE: Statuses = (401, 401, 404, 200, 200, 200, 200)
EDITOR: Statuses = (401, 401, 404, 403, 403, 200, 200)
LABEL: Statuses = (401, 401, 404, 404, 404, 200, 200)  # does not exist for who may not change the archive
ROOT: Statuses = (401, 401, 403, 403, 403, 403, 200)
ADDED_BY_ROOT: Statuses = (401, 401, 403, 403, 403, 403, 201)
REMOVED_BY_ROOT: Statuses = (401, 401, 403, 403, 403, 403, 204)
CARD: Statuses = (200, 401, 200, 200, 200, 200, 200)  # of a public archive; a wrong token is told so
P, A, T, F = Service.PERMISSIONS, Service.ARCHIVE_API, Service.TILER, Service.FEED
I = Service.INGEST  # noqa: E741 (the table is wide)

Row = Statuses | tuple[Statuses, Statuses]
"""What each of WHO gets; or what they get if the archive is public, and if it is private."""

ARCHIVE = "/api/v1/archives/<archive>"
IMAGE = "/api/v1/tiles/images/<image>"
UPLOAD = "/api/v1/uploads/<pk>/<multipart_id>"

TABLE: dict[tuple[Service, str, str], Row] = {
    # --- archive-api
    (A, "GET", "/api/v1/archives/"): CARD,
    (A, "POST", "/api/v1/archives/"): CREATED,
    (A, "GET", "/api/v1/archives/<pk>/"): (CARD, ROLE),
    (A, "GET", "/api/v1/archives/<pk>/nameplate/"): SOMEBODY,  # by its exact address
    (A, "GET", "/api/v1/archives/<pk>/nameplate/logo.png"): SOMEBODY,
    (A, "PATCH", "/api/v1/archives/<pk>/"): ((401, 401, 403, 403, 403, 200, 200), EDITOR),
    (A, "DELETE", "/api/v1/archives/<pk>/"): (
        (401, 401, 403, 403, 403, 400, 400),
        (401, 401, 404, 403, 403, 400, 400),
    ),
    (A, "GET", "/api/v1/archives/<pk>/history/"): ((401, 401, 403, 403, 403, 200, 200), EDITOR),
    (A, "POST", "/api/v1/archives/<pk>/deletion/"): (
        (401, 401, 403, 403, 403, 201, 201),
        (401, 401, 404, 403, 403, 201, 201),
    ),
    (A, "GET", "/api/v1/archives/<pk>/export/"): ROLE,
    (A, "GET", "/api/v1/archives/<pk>/deleted-items/"): ((401, 401, 403, 403, 403, 200, 200), EDITOR),
    (A, "POST", "/api/v1/archives/<pk>/import/"): (401, 401, 400, 400, 200, 200, 200),
    (A, "GET", "/api/v1/archives/<pk>/manifest/"): ROLE,
    (A, "POST", "/api/v1/archives/<pk>/downloads/"): (401, 401, 404, 201, 201, 201, 201),
    (A, "GET", "/api/v1/archives/<pk>/downloads/<download>/"): ROLE,
    (A, "GET", "/api/v1/archives/<pk>/downloads/<download>/archive.zip"): ROLE,
    (A, "GET", "/api/v1/archives/<pk>/access-log/"): ((401, 401, 403, 403, 403, 200, 200), EDITOR),
    (A, "GET", "/api/v1/archives/<pk>/patients/"): ROLE,
    (A, "GET", "/api/v1/archives/<pk>/studies/"): ROLE,
    (A, "GET", "/api/v1/archives/<pk>/duplicates/"): ROLE,
    (A, "GET", "/api/v1/archives/<pk>/snapshots/"): ROLE,
    (A, "POST", "/api/v1/archives/<pk>/snapshots/"): (
        (401, 401, 403, 403, 403, 201, 201),
        (401, 401, 404, 403, 403, 201, 201),
    ),
    (A, "GET", "/api/v1/archives/snapshots/<pk>/"): ROLE,
    (A, "PATCH", "/api/v1/archives/snapshots/<pk>/"): EDITOR,
    (A, "GET", "/api/v1/archives/snapshots/<pk>/items/"): ROLE,
    (A, "GET", "/api/v1/archives/snapshots/<pk>/manifest/"): ROLE,
    (A, "GET", "/api/v1/archives/<pk>/links/"): ((401, 401, 403, 403, 403, 200, 200), EDITOR),
    (A, "DELETE", "/api/v1/archives/<pk>/links/<link>/"): (
        (401, 401, 403, 403, 403, 403, 204),
        (401, 401, 404, 403, 403, 403, 204),
    ),
    (A, "POST", "/internal/v1/links/"): NOBODY,
    (A, "DELETE", "/internal/v1/links/<pk>/"): NOBODY,
    **{
        (A, method, f"/api/v1/{path}/{rest}"): row
        for path, made, changed in (
            ("workstations", ADDED_BY_ROOT, ROOT),
            ("workstations/configs", CREATED, ROOT),  # somebody else's
            ("hanging-protocols", CREATED, ROOT),
            ("workstations/window-presets", ADDED_BY_ROOT, ROOT),
            ("workstations/look-up-tables", ADDED_BY_ROOT, ROOT),
        )
        for method, rest, row in (
            ("GET", "", SOMEBODY),
            ("POST", "", made),
            ("GET", "<pk>/", SOMEBODY),
            ("PATCH", "<pk>/", changed),
            ("DELETE", "<pk>/", REMOVED_BY_ROOT),
        )
    },
    **{
        (A, method, f"/api/v1/{path}/{rest}"): row
        for path in ("modalities", "structures")
        for method, rest, row in (
            ("GET", "", ALL),
            ("POST", "", ADDED_BY_ROOT),
            ("GET", "<slug>/", ALL),
            ("PATCH", "<slug>/", ROOT),
            ("DELETE", "<slug>/", REMOVED_BY_ROOT),
        )
    },
    (A, "GET", "/api/v1/publications/"): SOMEBODY,
    (A, "POST", "/api/v1/publications/"): CREATED,
    (A, "GET", "/api/v1/publications/<pk>/"): SOMEBODY,
    (A, "PATCH", "/api/v1/publications/<pk>/"): ROOT,  # somebody else's
    (A, "DELETE", "/api/v1/publications/<pk>/"): REMOVED_BY_ROOT,
    (A, "GET", "/api/v1/archives/items/"): SOMEBODY,
    (A, "POST", "/api/v1/archives/items/"): (401, 401, 400, 400, 201, 201, 201),
    (A, "GET", "/api/v1/archives/items/<pk>/"): ROLE,
    (A, "PATCH", "/api/v1/archives/items/<pk>/"): (401, 401, 404, 403, 200, 200, 200),
    (A, "PUT", "/api/v1/archives/items/<pk>/"): (401, 401, 404, 403, 200, 200, 200),
    (A, "DELETE", "/api/v1/archives/items/<pk>/"): (401, 401, 404, 403, 403, 204, 204),
    (A, "GET", "/api/v1/archives/items/<pk>/history/"): (401, 401, 404, 403, 200, 200, 200),
    (A, "GET", "/api/v1/archives/items/<pk>/view-link/"): ROLE,
    (A, "GET", "/api/v1/archives/items/<pk>/viewing/"): ROLE,
    (A, "POST", "/api/v1/archives/items/<pk>/restore/"): EDITOR,
    (A, "POST", "/api/v1/archives/items/<pk>/move/"): EDITOR,
    (A, "POST", "/api/v1/archives/items/<pk>/copy/"): (401, 401, 404, 400, 201, 201, 201),
    (A, "POST", "/api/v1/archives/items/bulk/"): (401, 401, 400, 400, 202, 202, 202),
    (A, "GET", "/api/v1/tasks/"): SOMEBODY,
    (A, "GET", "/api/v1/tasks/<pk>/"): NOT_THEIRS,
    (A, "GET", "/api/v1/cases/images/"): SOMEBODY,
    (A, "GET", "/api/v1/cases/images/<pk>/"): ROLE,
    (A, "GET", "/api/v1/components/interfaces/"): SOMEBODY,
    (A, "GET", "/api/v1/components/interfaces/<int:pk>/"): SOMEBODY,
    (A, "PATCH", "/api/v1/components/interfaces/<int:pk>/"): ROOT,
    (A, "POST", "/api/v1/components/interfaces/"): (401, 401, 403, 403, 403, 403, 201),
    (A, "GET", "/media/logos/<archive>/<name>"): (CARD, ROLE),
    (A, "GET", "/media/logos/<archive>/<int:width>/<name>"): (CARD, ROLE),
    (A, "GET", "/media/viewer-logos/<viewer>/<name>"): SOMEBODY,
    (A, "GET", "/media/viewer-logos/<viewer>/<int:width>/<name>"): SOMEBODY,
    (A, "GET", "/media/social-images/<archive>/<name>"): (CARD, ROLE),
    (A, "GET", "/media/social-images/<archive>/<int:width>/<name>"): (CARD, ROLE),
    (A, "GET", "/media/items/<item>/<int:value>/<name>"): (401, 401, 404, 302, 302, 302, 302),
    (A, "GET", "/media/snapshots/<snapshot>/<item>/<int:value>/<name>"): (401, 401, 404, 302, 302, 302, 302),
    (A, "GET", "/media/images/<image>/<file>/<name>"): (401, 401, 404, 302, 302, 302, 302),
    (A, "GET", "/api/v1/gcapi/"): ALL,
    # --- ingest
    (I, "GET", "/api/v1/uploads/"): SOMEBODY,
    (I, "POST", "/api/v1/uploads/"): CREATED,
    (I, "GET", "/api/v1/uploads/<pk>/"): NOT_THEIRS,
    (I, "PATCH", f"{UPLOAD}/generate-presigned-urls/"): NOT_THEIRS,
    (I, "GET", f"{UPLOAD}/list-parts/"): NOT_THEIRS,
    (I, "PATCH", f"{UPLOAD}/complete-multipart-upload/"): NOT_THEIRS,
    (I, "PATCH", f"{UPLOAD}/abort-multipart-upload/"): NOT_THEIRS,
    (I, "GET", "/api/v1/cases/upload-sessions/"): SOMEBODY,
    (I, "POST", "/api/v1/cases/upload-sessions/"): (401, 401, 400, 403, 201, 201, 201),
    (I, "GET", "/api/v1/cases/upload-sessions/<pk>/"): NOT_THEIRS,
    (I, "POST", "/api/v1/cases/upload-sessions/<pk>/cancel/"): NOT_THEIRS,
    (I, "POST", "/api/v1/cases/upload-sessions/<pk>/retry/"): NOT_THEIRS,
    # --- archive-api: for services that act for a caller
    (A, "GET", "/internal/v1/images/<image>/sight/"): ROLE,
    # --- tiler
    (T, "GET", f"{IMAGE}/preview.jpeg"): ROLE,
    (T, "GET", f"{IMAGE}/"): ROLE,
    (T, "GET", f"{IMAGE}.dzi"): ROLE,
    (T, "GET", f"{IMAGE}_files/<int:level>/<int:column>_<int:row>.<extension>"): ROLE,
    (T, "GET", f"{IMAGE}/<int:z>/<int:x>/<int:y>.<extension>"): ROLE,
    (T, "GET", f"{IMAGE}/pass"): ROLE,
    (T, "GET", f"{IMAGE}/volume"): ROLE,
    (T, "GET", f"{IMAGE}/slices/<axis>/<int:index>.<encoding>"): ROLE,
    (T, "GET", f"{IMAGE}/v/<version>/slices/<axis>/<int:index>.<encoding>"): ROLE,
    (T, "GET", f"{IMAGE}/progress/"): ROLE,
    (
        T,
        "GET",
        f"{IMAGE}/associated/",
    ): ROLE,  # empty for who may not change the archive, as where there is nothing
    (T, "GET", f"{IMAGE}/associated/<name>.png"): LABEL,
    (T, "GET", f"{IMAGE}/thumbnail.jpeg"): ROLE,
    (T, "GET", f"{IMAGE}/region.<extension>"): ROLE,
    (T, "GET", f"{IMAGE}/icc"): ROLE,
    (T, "GET", f"{IMAGE}/iiif"): (401, 401, 404, 303, 303, 303, 303),
    (T, "GET", f"{IMAGE}/iiif/info.json"): ROLE,
    (T, "GET", f"{IMAGE}/iiif/<region>/<size>/<rotation>/<quality>.<format>"): ROLE,
    # --- permissions: an archive
    (P, "GET", f"{ARCHIVE}/members/"): EDITOR,
    (P, "POST", f"{ARCHIVE}/members/"): (401, 401, 404, 403, 403, 201, 201),
    (P, "DELETE", f"{ARCHIVE}/members/<user>/<role>/"): (401, 401, 404, 403, 403, 204, 204),
    (P, "GET", f"{ARCHIVE}/admission/"): SOMEBODY,  # the request page, for who has the exact address
    (P, "PATCH", f"{ARCHIVE}/admission/"): EDITOR,
    (P, "GET", f"{ARCHIVE}/requests/"): EDITOR,
    (P, "POST", f"{ARCHIVE}/requests/"): (401, 401, 201, 409, 409, 409, 201),
    (P, "POST", f"{ARCHIVE}/requests/<pk>/accept/"): EDITOR,
    (P, "POST", f"{ARCHIVE}/requests/<pk>/reject/"): EDITOR,
    (P, "POST", f"{ARCHIVE}/requests/<pk>/withdraw/"): NOT_THEIRS,
    (P, "GET", f"{ARCHIVE}/trail/"): EDITOR,
    (P, "GET", f"{ARCHIVE}/trail.csv"): EDITOR,
    # --- permissions: people and the platform
    (P, "GET", "/api/v1/access-requests/"): SOMEBODY,
    (P, "GET", "/api/v1/trail/"): ROOT,
    (P, "GET", "/api/v1/trail.csv"): ROOT,
    (P, "GET", "/api/v1/notifications/"): SOMEBODY,
    (P, "POST", "/api/v1/notifications/read/"): DONE,
    (P, "DELETE", "/api/v1/notifications/<pk>/"): NOT_THEIRS,
    (P, "POST", "/api/v1/notifications/<pk>/read/"): NOT_THEIRS,
    (P, "GET", "/api/v1/organisations/"): SOMEBODY,
    (P, "POST", "/api/v1/organisations/"): (401, 401, 403, 403, 403, 403, 201),
    (P, "GET", "/api/v1/organisations/<pk>/"): SOMEBODY,
    (P, "PATCH", "/api/v1/organisations/<pk>/"): ROOT,
    (P, "POST", "/api/v1/sessions/"): NOBODY,  # the password is wrong
    (P, "DELETE", "/api/v1/sessions/current/"): (401, 401, 400, 400, 400, 400, 400),  # theirs are API tokens
    (P, "GET", "/api/v1/users/"): ROOT,
    (P, "POST", "/api/v1/users/"): (401, 401, 403, 403, 403, 403, 201),
    (P, "GET", "/api/v1/users/find/"): (401, 401, 403, 403, 403, 200, 200),
    (P, "GET", "/api/v1/users/me/"): SOMEBODY,
    (P, "PATCH", "/api/v1/users/me/"): SOMEBODY,
    (P, "GET", "/api/v1/users/<pk>/"): (401, 401, 404, 404, 404, 404, 200),
    (P, "PATCH", "/api/v1/users/<pk>/"): ROOT,
    (P, "PUT", "/api/v1/users/<pk>/password/"): (401, 401, 403, 403, 403, 403, 204),
    (P, "GET", "/api/v1/tokens/"): SOMEBODY,
    (P, "POST", "/api/v1/tokens/"): CREATED,
    (P, "DELETE", "/api/v1/tokens/<pk>/"): (401, 401, 404, 404, 404, 404, 204),
    # --- permissions: for services, which prove who they are
    (P, "POST", "/internal/v1/decisions/"): NOBODY,
    (P, "POST", "/internal/v1/decisions-about-users/"): NOBODY,
    (P, "POST", "/internal/v1/standings/"): NOBODY,
    (P, "POST", "/internal/v1/usable-archives/"): NOBODY,
    (P, "POST", "/internal/v1/first-editors/"): NOBODY,
    # --- feed; who hears of which event is tests/integration/feed/test_visibility.py
    (F, "GET", "/api/v1/events/"): SOMEBODY,
    (F, "GET", "/api/v1/webhooks/"): SOMEBODY,
    (F, "POST", "/api/v1/webhooks/"): CREATED,
    (F, "GET", "/api/v1/webhooks/<pk>/"): NOT_THEIRS,
    (F, "PATCH", "/api/v1/webhooks/<pk>/"): NOT_THEIRS,
    (F, "DELETE", "/api/v1/webhooks/<pk>/"): NOT_THEIRS,
    (F, "POST", "/api/v1/webhooks/<pk>/rotate-secret/"): NOT_THEIRS,
    (F, "POST", "/api/v1/webhooks/<pk>/test/"): NOT_THEIRS,
    (F, "GET", "/api/v1/webhooks/<pk>/deliveries/"): NOT_THEIRS,
    (F, "GET", "/api/v1/webhooks/<pk>/deliveries/<delivery>/"): NOT_THEIRS,
    (F, "POST", "/api/v1/webhooks/<pk>/deliveries/<delivery>/redeliver/"): NOT_THEIRS,
    # --- the page, which holds nothing of anybody
    **{
        (Service.PORTAL, "GET", route): ALL
        for route in (
            "/",
            "/new-archive/",
            "/notifications/",
            "/account/",
            "/people/",
            "/viewers/",
            "/sockets/",
            "/webhooks/",
            "/api/",
            "/api/openapi.json",
            "/archives/<slug>/",
            "/archives/<slug>/members/",
            "/archives/<slug>/settings/",
            "/archives/<slug>/deleted/",
            "/archives/<slug>/duplicates/",
            "/archives/<slug>/downloads/",
            "/archives/<slug>/table/",
            "/archives/<slug>/versions/",
            "/archives/<slug>/items/<item>/",
        )
    },
    (Service.PORTAL, "GET", "/static/<path:name>"): ALL,
    (Service.PORTAL, "GET", "/<path:unknown>"): (404,) * 7,
    # --- links to blobs: without a signature nobody gets anything; with one, see test_signed_links
    (Service.BLOBS, "GET", "/blobs/<bucket>/<path:key>"): (403,) * 7,
    (Service.BLOBS, "PUT", "/blobs/<bucket>/<path:key>"): (403,) * 7,
    **{
        (service, "GET", route): ALL
        for service in Service
        if service is not Service.NOBODY
        for route in ("/livez", "/readyz")
    },
}


REFUSED, BAD = (403, 403), (400, 400)

LIMITED: dict[tuple[Service, str, str], tuple[int, int]] = {
    # --- what belongs to no archive is not changed, and nothing of the kind is made
    (A, "POST", "/api/v1/archives/"): REFUSED,
    (A, "POST", "/api/v1/workstations/configs/"): REFUSED,
    (A, "POST", "/api/v1/hanging-protocols/"): REFUSED,
    (A, "POST", "/api/v1/publications/"): REFUSED,
    (F, "POST", "/api/v1/webhooks/"): BAD,  # it would hear of all archives: the field is named
    # --- other archives do not exist, for who has the exact address neither
    (A, "GET", "/api/v1/archives/<pk>/nameplate/"): (200, 404),
    (A, "GET", "/api/v1/archives/<pk>/nameplate/logo.png"): (200, 404),
    (P, "GET", f"{ARCHIVE}/admission/"): (200, 404),
    (P, "POST", f"{ARCHIVE}/requests/"): (409, 404),
    # --- people, accounts and the platform are no archives
    **{
        (P, method, f"/api/v1/{path}"): REFUSED
        for method, path in (
            ("GET", "access-requests/"),
            ("GET", "notifications/"),
            ("POST", "notifications/read/"),
            ("DELETE", "notifications/<pk>/"),
            ("POST", "notifications/<pk>/read/"),
            ("DELETE", "sessions/current/"),
            ("GET", "users/find/"),
            ("GET", "users/me/"),
            ("PATCH", "users/me/"),
            ("GET", "users/<pk>/"),
            ("GET", "tokens/"),
            ("POST", "tokens/"),
            ("DELETE", "tokens/<pk>/"),
        )
    },
}
"""What an editor's token gets that is for some archives only: for this one, and for another one. Of every route that is not
in here it gets what the editor gets, and what an outsider gets; see test_limited_tokens."""
