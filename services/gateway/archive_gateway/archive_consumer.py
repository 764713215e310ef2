"""`python -m archive_gateway.archive_consumer`: the consumer of archive-api on one machine.

Steps of tasks ask permissions, which has no web process of its own here; so it brings the application along and asks it in
this process, as the gateway does.
"""

from httpx2 import WSGITransport

from archive_api.bootstrap import Transports
from archive_api.entrypoints.consumer import main
from permissions.entrypoints.http.app import create_app as create_permissions
from permissions.settings import read_settings as read_permissions_settings

if __name__ == "__main__":
    main(Transports(permissions=WSGITransport(app=create_permissions(read_permissions_settings()))))
