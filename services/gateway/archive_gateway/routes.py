"""The one table that says which service answers which path; the gateway and nginx both follow it.

`deploy/gateway/nginx.conf.template` repeats it row by row, in this order, for containers; a test compares them.
"""

import re
from dataclasses import dataclass
from enum import StrEnum


class Service(StrEnum):
    """Whatever can answer a request from outside."""

    PERMISSIONS = "permissions"
    ARCHIVE_API = "archive-api"
    INGEST = "ingest-worker"
    TILER = "tiler"
    FEED = "feed"
    PORTAL = "portal"
    BLOBS = "blobs"  # links to the folder store; with S3 they lead to the S3 server itself
    GATEWAY = "gateway"  # health
    NOBODY = "nobody"  # exists for services only


@dataclass(frozen=True)
class Route:
    """Paths that match the pattern from their beginning belong to the service; the first match decides.

    Patterns are written so that Python and nginx (PCRE) read them alike.
    """

    pattern: str
    service: Service


ROUTES = (
    Route("^/(livez|readyz)$", Service.GATEWAY),
    Route("^/internal/", Service.NOBODY),
    Route("^/api/v1/archives/[^/]+/(members|admission|requests|trail)/", Service.PERMISSIONS),
    Route(r"^/api/v1/archives/[^/]+/trail\.csv$", Service.PERMISSIONS),
    Route("^/api/v1/(users|tokens|sessions|organisations)/", Service.PERMISSIONS),
    Route("^/api/v1/(access-requests|notifications|trail)/", Service.PERMISSIONS),
    Route(r"^/api/v1/trail\.csv$", Service.PERMISSIONS),
    Route("^/api/v1/uploads/", Service.INGEST),
    Route("^/api/v1/cases/upload-sessions/", Service.INGEST),
    Route("^/api/v1/tiles/", Service.TILER),
    Route("^/api/v1/events/", Service.FEED),
    Route("^/api/v1/webhooks/", Service.FEED),
    Route("^/api/v1/", Service.ARCHIVE_API),
    Route("^/media/", Service.ARCHIVE_API),
    Route("^/blobs/", Service.BLOBS),
    Route("^/", Service.PORTAL),
)

_COMPILED = tuple((re.compile(route.pattern), route.service) for route in ROUTES)


def service_for(path: str) -> Service:
    """Return who answers a (percent-decoded) path."""
    return next((service for pattern, service in _COMPILED if pattern.match(path)), Service.NOBODY)
