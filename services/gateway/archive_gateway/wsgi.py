"""What gunicorn serves on one machine: `archive_gateway.wsgi:create()`."""

from typing import TYPE_CHECKING

from archive_gateway.assembly import assemble
from archive_gateway.parts import GATEWAY
from archive_shared.processes import start_logging
from archive_shared.settings import read_platform_settings
from feed.settings import read_settings as read_feed_settings
from permissions.settings import read_settings as read_permissions_settings

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication  # exists for type checkers only


def create() -> "WSGIApplication":
    """Return the application as the environment describes it."""
    settings = read_platform_settings()
    start_logging(GATEWAY, settings)
    return assemble(settings, permissions=read_permissions_settings(), feed=read_feed_settings())
