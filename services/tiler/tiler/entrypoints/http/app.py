"""Builds the Flask application of the tiler."""

from flask import Flask

from archive_shared.http.app import build_app
from archive_shared.settings import PlatformSettings
from tiler.bootstrap import Tiler, Transports, bootstrap
from tiler.domain.limits import BLOCK_CACHE_BYTES
from tiler.entrypoints.http.associated import associated_blueprint
from tiler.entrypoints.http.iiif import iiif_blueprint
from tiler.entrypoints.http.images import images_blueprint
from tiler.entrypoints.http.passes import passes_blueprint
from tiler.entrypoints.http.progress import progress_blueprint
from tiler.entrypoints.http.slices import slices_blueprint
from tiler.entrypoints.http.tile_door import TileDoor


def create_app(
    settings: PlatformSettings,
    *,
    transports: Transports | None = None,
    block_cache_bytes: int = BLOCK_CACHE_BYTES,
) -> Flask:
    """Return the application, connected as the settings say.

    Parameters
    ----------
    transports
        How other services are reached; over the network unless one machine runs them all.
    block_cache_bytes
        How much of the slides of a distant store is kept in memory; 0 for nothing.
    """
    return app_for(bootstrap(settings, transports=transports, block_cache_bytes=block_cache_bytes))


def app_for(service: Tiler) -> Flask:
    """Return the application over an assembled service."""
    app = build_app(
        "tiler",
        blueprints=[
            images_blueprint(service.gallery),
            passes_blueprint(service.watching, service.public_url),
            associated_blueprint(service.drawer, service.public_url),
            progress_blueprint(service.workshop),
            iiif_blueprint(service.gallery, service.watching, service.public_url),
            slices_blueprint(service.slices, service.watching),
        ],
        ready={"documents": service.documents.ping, "blobs": service.gallery.media.ping},
    )
    app.wsgi_app = TileDoor(service.watching, app.wsgi_app)  # type: ignore[method-assign]  # Flask's own way to wrap
    return app
