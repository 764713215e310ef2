"""What gunicorn serves: `tiler.entrypoints.wsgi:create()`."""

from flask import Flask

from archive_shared.processes import start_logging
from archive_shared.settings import read_platform_settings
from tiler.bootstrap import NAME
from tiler.entrypoints.http.app import create_app
from tiler.settings import read_block_cache_bytes


def create() -> Flask:
    """Return the application as the environment describes it."""
    settings = read_platform_settings()
    start_logging(NAME, settings)
    return create_app(settings, block_cache_bytes=read_block_cache_bytes())
