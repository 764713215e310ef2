"""What gunicorn serves: `portal.wsgi:create()`."""

from flask import Flask

from archive_shared.observability import configure_logging
from portal.app import create_app
from portal.settings import read_settings


def create() -> Flask:
    """Return the application as the environment describes it."""
    settings = read_settings()
    configure_logging("portal", level=settings.log_level, json=settings.log_json)
    return create_app(settings)
