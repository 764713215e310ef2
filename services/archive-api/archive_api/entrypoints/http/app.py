"""Builds the Flask application of archive-api."""

from flask import Flask

from archive_api.bootstrap import ArchiveApi, Transports, bootstrap
from archive_api.domain.vocabulary import TermKind
from archive_api.entrypoints.http.archives import archives_blueprint
from archive_api.entrypoints.http.client_versions import client_versions_blueprint
from archive_api.entrypoints.http.contents import contents_blueprint
from archive_api.entrypoints.http.deleted_items import deleted_items_blueprint
from archive_api.entrypoints.http.display_settings import SHELVES, display_blueprint
from archive_api.entrypoints.http.downloads import downloads_blueprint
from archive_api.entrypoints.http.images import images_blueprint
from archive_api.entrypoints.http.item_actions import item_actions_blueprint
from archive_api.entrypoints.http.items import items_blueprint
from archive_api.entrypoints.http.links import Links
from archive_api.entrypoints.http.media import media_blueprint
from archive_api.entrypoints.http.publications import publications_blueprint
from archive_api.entrypoints.http.service_links import service_links_blueprint
from archive_api.entrypoints.http.sights import sights_blueprint
from archive_api.entrypoints.http.snapshots import snapshots_blueprint
from archive_api.entrypoints.http.sockets import sockets_blueprint
from archive_api.entrypoints.http.tasks import tasks_blueprint
from archive_api.entrypoints.http.terms import terms_blueprint
from archive_api.entrypoints.http.viewings import viewings_blueprint
from archive_shared.http.app import build_app
from archive_shared.http.request_rates import RequestRates, request_rates
from archive_shared.settings import PlatformSettings


def create_app(settings: PlatformSettings, *, transports: Transports | None = None) -> Flask:
    """Return the application, connected as the settings say.

    Parameters
    ----------
    transports
        How other services are reached; over the network unless one machine runs them all.
    """
    service = bootstrap(settings, transports=transports)
    return app_for(
        service, public_url=settings.public_url, secret=settings.secret, rates=request_rates(settings)
    )


def app_for(
    service: ArchiveApi, *, public_url: str, secret: bytes, rates: RequestRates | None = None
) -> Flask:
    """Return the application over an assembled service."""
    library, links = service.library, Links(public_url)
    return build_app(
        "archive-api",
        blueprints=[
            archives_blueprint(library, links),
            items_blueprint(library, links),
            item_actions_blueprint(library, links),
            deleted_items_blueprint(library, links),
            tasks_blueprint(library, links),
            contents_blueprint(library, links),
            downloads_blueprint(library, links),
            images_blueprint(library, links),
            sights_blueprint(library),
            viewings_blueprint(library, links),
            sockets_blueprint(library, links),
            media_blueprint(library),
            *(display_blueprint(library, links, shelf) for shelf in SHELVES),
            *(terms_blueprint(library, links, kind) for kind in TermKind),
            publications_blueprint(library, links),
            snapshots_blueprint(library, links),
            service_links_blueprint(library, secret=secret),
            client_versions_blueprint(),
        ],
        ready={"documents": service.documents.ping, "blobs": library.media_blobs.ping},
        rates=rates,
    )
