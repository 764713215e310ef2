"""Builds the door to permissions that every service has: asked over HTTP, remembered, and dropped when the bus says so."""

import httpx2

from archive_shared.access import Access
from archive_shared.clock import Clock
from archive_shared.events import CHANGES_STANDING
from archive_shared.http.access_client import HttpAccess
from archive_shared.http.cached_access import CachedAccess
from archive_shared.http.client import ServiceClient
from archive_shared.messaging.following import Follower
from archive_shared.settings import PlatformSettings


def connect_access(
    settings: PlatformSettings,
    *,
    service: str,
    clock: Clock,
    transport: httpx2.BaseTransport | None = None,
) -> Access:
    """Return the way to permissions for one process of a service; connects to nothing before it is asked.

    Parameters
    ----------
    transport
        How permissions is reached; None means over the network.
    """
    permissions = ServiceClient(
        settings.permissions_url, service=service, secret=settings.secret, clock=clock, transport=transport
    )
    # Each needs the other: what is heard goes to the cache, which asks whether anything would be heard.
    access = CachedAccess(HttpAccess(permissions), hears=lambda: follower.hears())  # noqa: PLW0108 (made below)
    follower = Follower(settings.bus_url, CHANGES_STANDING, hear=access.hear, missed=access.forget)
    return access
