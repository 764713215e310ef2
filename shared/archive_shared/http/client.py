"""HTTP between services: one client per peer, over the network or, on one machine, in process."""

from collections.abc import Mapping
from typing import Any

import httpx2

from archive_shared.clock import Clock
from archive_shared.errors import (
    ArchiveSystemError,
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    Unauthenticated,
    Unavailable,
)
from archive_shared.http import service_tokens
from archive_shared.tracing import current_traceparent

TIMEOUT_S = 10.0
_KINDS: Mapping[int, type[ArchiveSystemError]] = {
    401: Unauthenticated,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
}


class ServiceClient:
    """Calls one other service. Thread-safe; connections are kept.

    Parameters
    ----------
    base_url
        Where the service answers; with a `transport` only its scheme and host matter.
    service
        Name of the calling service, put into the service token.
    transport
        In-process transport for running on one machine; None means the network.
    """

    def __init__(
        self,
        base_url: str,
        *,
        service: str,
        secret: bytes,
        clock: Clock,
        transport: httpx2.BaseTransport | None = None,
    ) -> None:
        self._http = httpx2.Client(base_url=base_url, timeout=TIMEOUT_S, transport=transport)
        self._service = service
        self._secret = secret
        self._clock = clock

    def get(self, path: str, *, token: str | None = None, query: Mapping[str, str] | None = None) -> Any:
        """Return the JSON another service answers with, for the caller whose token is given."""
        return self._send("GET", path, token=token, params=dict(query or {}))

    def post(self, path: str, body: Any, *, token: str | None = None) -> Any:
        return self._send("POST", path, token=token, json=body)

    def _send(self, method: str, path: str, *, token: str | None, **content: Any) -> Any:
        try:
            response = self._http.request(method, path, headers=self._headers(token), **content)
        except httpx2.TransportError as error:
            raise Unavailable(f"{self._http.base_url.host} does not answer") from error
        if response.is_success:
            return response.json()
        raise _error(response)

    def _headers(self, token: str | None) -> dict[str, str]:
        headers = {
            service_tokens.HEADER: service_tokens.issue(
                self._secret, service=self._service, clock=self._clock
            ),
            "traceparent": current_traceparent(),
        }
        return headers | ({"Authorization": f"Bearer {token}"} if token else {})


def _error(response: httpx2.Response) -> ArchiveSystemError:
    is_problem = response.headers.get("content-type", "").startswith("application/problem+json")
    body = response.json() if is_problem else {}
    if response.status_code == 400:
        return Invalid(body.get("errors", {"": [body.get("detail", "refused")]}))
    kind = _KINDS.get(response.status_code)
    if kind is None:
        return Unavailable(f"{response.request.url.path} answered {response.status_code}")
    return kind(body.get("detail", ""))
