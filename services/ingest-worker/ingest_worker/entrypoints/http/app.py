"""Builds the Flask application of the ingest worker."""

from flask import Flask

from archive_shared.http.app import build_app
from archive_shared.http.request_rates import RequestRates, request_rates
from archive_shared.settings import PlatformSettings
from ingest_worker.bootstrap import Ingest, Transports, bootstrap
from ingest_worker.entrypoints.http.sessions import sessions_blueprint
from ingest_worker.entrypoints.http.uploads import uploads_blueprint


def create_app(settings: PlatformSettings, *, transports: Transports | None = None) -> Flask:
    """Return the application, connected as the settings say.

    Parameters
    ----------
    transports
        How other services are reached; over the network unless one machine runs them all.
    """
    return app_for(
        bootstrap(settings, transports=transports),
        public_url=settings.public_url,
        rates=request_rates(settings),
    )


def app_for(service: Ingest, *, public_url: str, rates: RequestRates | None = None) -> Flask:
    """Return the application over an assembled service."""
    return build_app(
        "ingest-worker",
        blueprints=[
            uploads_blueprint(service.uploads, service.answers, service.access, public_url=public_url),
            sessions_blueprint(service.sessions, service.answers, service.access, public_url=public_url),
        ],
        ready={"documents": service.documents.ping, "blobs": service.blobs.ping},
        rates=rates,
    )
