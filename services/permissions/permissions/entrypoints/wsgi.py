"""What gunicorn serves: `permissions.entrypoints.wsgi:create()`."""

from archive_shared.observability import configure_logging
from flask import Flask

from permissions.entrypoints.http.app import create_app
from permissions.settings import read_settings


def create() -> Flask:
    """Return the application as the environment describes it."""
    settings = read_settings()
    configure_logging("permissions", level=settings.platform.log_level, json=settings.platform.log_json)
    return create_app(settings)
