"""What gunicorn serves: `feed.entrypoints.wsgi:create()`."""

from flask import Flask

from archive_shared.processes import start_logging
from feed.bootstrap import NAME
from feed.entrypoints.http.app import create_app
from feed.settings import read_settings


def create() -> Flask:
    """Return the application as the environment describes it."""
    settings = read_settings()
    start_logging(NAME, settings.platform)
    return create_app(settings)
