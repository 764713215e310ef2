"""The WSGI application of one machine: hands every request to the service its path belongs to.

It trusts nothing a client says about where a request came from or which service sent it: such headers are
removed before any service sees them.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from archive_gateway.routes import Service, service_for

if TYPE_CHECKING:
    from _typeshed.wsgi import (
        StartResponse,
        WSGIApplication,
        WSGIEnvironment,
    )  # exists for type checkers only

REMOVED_HEADERS = (
    "X-Service-Token",
    "Forwarded",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Forwarded-Port",
    "X-Forwarded-Prefix",
    "X-Forwarded-Proto",
    "X-Real-IP",
)
_REMOVED = tuple("HTTP_" + name.upper().replace("-", "_") for name in REMOVED_HEADERS)


class Dispatcher:
    """Routes by the table in `archive_gateway.routes`.

    Parameters
    ----------
    applications
        Who answers for which service.
    otherwise
        Answers for services that are not here.
    """

    def __init__(
        self, applications: "Mapping[Service, WSGIApplication]", *, otherwise: "WSGIApplication"
    ) -> None:
        self.applications = applications
        self._otherwise = otherwise

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        for name in _REMOVED:
            environ.pop(name, None)
        service = service_for(environ.get("PATH_INFO", ""))
        return self.applications.get(service, self._otherwise)(environ, start_response)
