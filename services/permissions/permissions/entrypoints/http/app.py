"""Builds the Flask application of permissions."""

from flask import Flask

from archive_shared.http.addresses import client_address
from archive_shared.http.app import build_app
from archive_shared.http.request_rates import request_rates
from permissions.bootstrap import Permissions, bootstrap
from permissions.entrypoints.http.decisions import decisions_blueprint
from permissions.entrypoints.http.members import members_blueprint
from permissions.entrypoints.http.notifications import notifications_blueprint
from permissions.entrypoints.http.organisations import organisations_blueprint
from permissions.entrypoints.http.requests import (
    admission_blueprint,
    own_requests_blueprint,
    requests_blueprint,
)
from permissions.entrypoints.http.sessions import sessions_blueprint
from permissions.entrypoints.http.tokens import tokens_blueprint
from permissions.entrypoints.http.trail import trail_blueprint
from permissions.entrypoints.http.users import users_blueprint
from permissions.settings import Settings


def create_app(settings: Settings) -> Flask:
    """Return the application, connected as the settings say."""
    return app_for(bootstrap(settings), settings)


def app_for(service: Permissions, settings: Settings) -> Flask:
    """Return the application over an assembled service."""
    directory, public_url = service.directory, settings.platform.public_url
    return build_app(
        "permissions",
        blueprints=[
            users_blueprint(directory, public_url=public_url),
            tokens_blueprint(directory, public_url=public_url),
            sessions_blueprint(
                directory, public_url=public_url, client=client_address(settings.platform.gateways)
            ),
            organisations_blueprint(directory, public_url=public_url),
            members_blueprint(directory),
            admission_blueprint(directory),
            requests_blueprint(directory, public_url=public_url),
            own_requests_blueprint(directory, public_url=public_url),
            notifications_blueprint(directory, public_url=public_url),
            trail_blueprint(directory, public_url=public_url),
            decisions_blueprint(directory, secret=settings.platform.secret),
        ],
        ready={"documents": service.documents.ping},
        rates=request_rates(settings.platform),
    )
