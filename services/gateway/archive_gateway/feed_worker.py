"""`python -m archive_gateway.feed_worker`: the feed's worker on one machine.

It has to ask permissions, which has no web process of its own here; so it brings the application along and asks it in
this process, as the gateway does.
"""

from httpx2 import WSGITransport

from feed.bootstrap import Transports
from feed.entrypoints.worker import main
from permissions.entrypoints.http.app import create_app as create_permissions
from permissions.settings import read_settings as read_permissions_settings

if __name__ == "__main__":
    main(Transports(permissions=WSGITransport(app=create_permissions(read_permissions_settings()))))
