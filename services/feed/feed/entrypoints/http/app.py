"""Builds the Flask application of the feed."""

from flask import Flask

from archive_shared.http.app import build_app
from archive_shared.http.request_rates import RequestRates, request_rates
from feed.bootstrap import Feed, Transports, bootstrap
from feed.entrypoints.http.events import events_blueprint
from feed.entrypoints.http.webhooks import webhooks_blueprint
from feed.settings import Settings


def create_app(settings: Settings, *, transports: Transports | None = None) -> Flask:
    """Return the application, connected as the settings say.

    Parameters
    ----------
    transports
        How other services are reached; over the network unless one machine runs them all.
    """
    return app_for(
        bootstrap(settings, transports=transports),
        public_url=settings.platform.public_url,
        rates=request_rates(settings.platform),
    )


def app_for(service: Feed, *, public_url: str, rates: RequestRates | None = None) -> Flask:
    """Return the application over an assembled service."""
    return build_app(
        "feed",
        blueprints=[
            events_blueprint(service),
            webhooks_blueprint(service.webhooks, service.answers, public_url=public_url),
        ],
        ready={"documents": service.documents.ping},
        rates=rates,
    )
