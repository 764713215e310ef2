"""What gunicorn serves: `permissions.entrypoints.wsgi:create()`."""

from flask import Flask

from archive_shared.processes import start_logging
from permissions.entrypoints.http.app import create_app
from permissions.settings import read_settings


def create() -> Flask:
    """Return the application as the environment describes it."""
    settings = read_settings()
    start_logging("permissions", settings.platform)
    return create_app(settings)
