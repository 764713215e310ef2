"""Builds the Flask application of permissions."""

from flask import Flask

from archive_shared.http.app import build_app
from permissions.bootstrap import Permissions, bootstrap
from permissions.entrypoints.http.decisions import decisions_blueprint
from permissions.entrypoints.http.members import members_blueprint
from permissions.entrypoints.http.users import tokens_blueprint, users_blueprint
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
            members_blueprint(directory),
            decisions_blueprint(directory, secret=settings.platform.secret),
        ],
        ready={"documents": service.documents.ping},
    )
