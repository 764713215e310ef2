"""What gunicorn serves: `ingest_worker.entrypoints.wsgi:create()`."""

from flask import Flask

from archive_shared.processes import start_logging
from ingest_worker.bootstrap import NAME
from ingest_worker.entrypoints.http.app import create_app
from ingest_worker.settings import read_settings


def create() -> Flask:
    """Return the application as the environment describes it."""
    settings = read_settings().platform
    start_logging(NAME, settings)
    return create_app(settings)
