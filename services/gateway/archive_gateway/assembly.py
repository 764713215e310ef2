"""Puts all services behind one address; they call one another as in containers, but inside this process."""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from httpx2 import Client, WSGITransport

from archive_api.bootstrap import Transports as ArchiveApiTransports
from archive_api.entrypoints.http.app import create_app as create_archive_api
from archive_gateway.dispatch import Dispatcher
from archive_gateway.routes import Service
from archive_shared.blobs.folder import FolderBlobStore
from archive_shared.blobs.links import LinkSigner
from archive_shared.blobs.links_wsgi import links_app
from archive_shared.blobs.platform import platform_blobs
from archive_shared.blobs.prepare import BUCKETS
from archive_shared.errors import Unavailable
from archive_shared.http.app import build_app
from archive_shared.settings import PlatformSettings
from feed.bootstrap import Transports as FeedTransports
from feed.entrypoints.http.app import create_app as create_feed
from feed.settings import Settings as FeedSettings
from ingest_worker.bootstrap import Transports as IngestTransports
from ingest_worker.entrypoints.http.app import create_app as create_ingest
from permissions.entrypoints.http.app import create_app as create_permissions
from permissions.settings import Settings as PermissionsSettings
from portal.app import create_app as create_portal
from portal.settings import Settings as PortalSettings
from tiler.bootstrap import Transports as TilerTransports
from tiler.entrypoints.http.app import create_app as create_tiler

if TYPE_CHECKING:
    from _typeshed.wsgi import (
        StartResponse,
        WSGIApplication,
        WSGIEnvironment,
    )  # exists for type checkers only


class Later:
    """A WSGI application that is named after somebody was told of it."""

    application: "WSGIApplication"

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        return self.application(environ, start_response)


def assemble(
    settings: PlatformSettings, *, permissions: PermissionsSettings, feed: FeedSettings
) -> "WSGIApplication":
    """Return the application of the whole platform, connected as the settings say."""
    services = _services(settings, permissions, feed)
    health = build_app(
        "gateway", blueprints=[], ready={name: partial(_check, app) for name, app in services.items()}
    )
    return Dispatcher({**services, **_blob_links(settings), Service.GATEWAY: health}, otherwise=health)


def blobs_origin(settings: PlatformSettings) -> str:
    """Return scheme, host and port of the S3 server as browsers reach it, "" when the gateway serves blobs."""
    if not settings.blobs_url.startswith("s3:"):
        return ""
    address = urlsplit(settings.blobs_url)
    scheme = "http" if dict(parse_qsl(address.query)).get("secure") == "0" else "https"
    return settings.blobs_public_url or f"{scheme}://{address.netloc}"


def _services(
    settings: PlatformSettings, permissions: PermissionsSettings, feed: FeedSettings
) -> "dict[Service, WSGIApplication]":
    permissions_app = create_permissions(permissions)
    to_permissions = WSGITransport(app=permissions_app)
    ingest_later = Later()  # archive-api and ingest call one another, and one must be made first
    archive_api = create_archive_api(
        settings,
        transports=ArchiveApiTransports(permissions=to_permissions, ingest=WSGITransport(app=ingest_later)),
    )
    to_archive_api = WSGITransport(app=archive_api)
    ingest = create_ingest(
        settings, transports=IngestTransports(permissions=to_permissions, archive_api=to_archive_api)
    )
    ingest_later.application = ingest
    return {
        Service.PERMISSIONS: permissions_app,
        Service.ARCHIVE_API: archive_api,
        Service.INGEST: ingest,
        Service.TILER: create_tiler(
            settings, transports=TilerTransports(archive_api=to_archive_api, permissions=to_permissions)
        ),
        Service.FEED: create_feed(feed, transports=FeedTransports(permissions=to_permissions)),
        Service.PORTAL: create_portal(PortalSettings(settings.public_url, blobs_origin(settings))),
    }


def _blob_links(settings: PlatformSettings) -> "Mapping[Service, WSGIApplication]":
    """Return what serves the links of folder stores; links of other stores lead elsewhere."""
    stores = {bucket: platform_blobs(settings, bucket) for bucket in BUCKETS}
    folders = {bucket: store for bucket, store in stores.items() if isinstance(store, FolderBlobStore)}
    return {Service.BLOBS: links_app(folders, LinkSigner(settings.secret))} if folders else {}


def _check(app: "WSGIApplication") -> None:
    """Ask one service whether it is ready."""
    with Client(transport=WSGITransport(app=app), base_url="http://service") as client:
        if not client.get("/readyz").is_success:
            raise Unavailable("not ready")
