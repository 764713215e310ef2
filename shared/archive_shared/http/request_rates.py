"""Limits how often somebody may ask a service; whoever asks more often hears 429 and how long to wait.

Each asker has a bucket that holds a minute's worth of requests and fills up evenly (a token bucket). Buckets are kept by each
process for itself: a limit protects it from one client's loop, it is no account of what somebody used, so it need not be
exact across processes. An asker is a token or session, whether it is good or not, and an address otherwise; a wrong token costs
its address as well, else whoever makes up new ones would never be slowed down.
"""

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

from flask import Response, after_this_request, request

from archive_shared.errors import TooManyAttempts
from archive_shared.http import problems
from archive_shared.http.addresses import ClientAddress, client_address
from archive_shared.http.sessions import PLAIN_NAME, SECURE_NAME
from archive_shared.settings import PlatformSettings

MOST_ASKERS = 20_000
_MINUTE_S = 60.0
_UNAUTHENTICATED = 401
_UNCOUNTED = ("/internal/", "/livez", "/readyz")


class Buckets:
    """Token buckets by name. Thread-safe; those not used for longest are forgotten first.

    Parameters
    ----------
    per_minute
        What a bucket holds when it is full, and how much flows into it; 0 never runs dry.
    now_s
        A clock that only goes forward.
    """

    def __init__(self, per_minute: int, *, now_s: Callable[[], float] = time.monotonic) -> None:
        self._per_minute = per_minute
        self._now_s = now_s
        self._lock = Lock()
        self._full_at_s: OrderedDict[str, float] = OrderedDict()

    def take(self, name: str) -> float:
        """Take one out of a bucket; return 0, or how many seconds to wait when there is none, and take nothing."""
        if not self._per_minute:
            return 0.0
        one_s, now_s = _MINUTE_S / self._per_minute, self._now_s()
        with self._lock:
            # What is missing in a bucket is the time it needs to be full again.
            full_at_s = max(self._full_at_s.pop(name, now_s), now_s) + one_s
            wait_s = full_at_s - now_s - _MINUTE_S
            self._full_at_s[name] = full_at_s if wait_s <= 0 else full_at_s - one_s
            if len(self._full_at_s) > MOST_ASKERS:
                self._full_at_s.popitem(last=False)
        return max(wait_s, 0.0)


class RequestRates:
    """Counts the requests of an application; `count` runs before each."""

    def __init__(self, known: Buckets, anonymous: Buckets, address: ClientAddress) -> None:
        self._known = known
        self._anonymous = anonymous
        self._address = address

    def count(self) -> None:
        """Raise `TooManyAttempts` when the present request comes too soon."""
        if request.path.startswith(_UNCOUNTED) or "X-Service-Token" in request.headers:
            return
        credential = _credential()
        if credential:
            _require(self._known.take(hashlib.sha256(credential.encode()).hexdigest()))
            after_this_request(self._count_wrong)
        elif (address := self._address()) is not None:
            _require(self._anonymous.take(address))

    def _count_wrong(self, response: Response) -> Response:
        address = self._address() if response.status_code == _UNAUTHENTICATED else None
        wait_s = 0.0 if address is None else self._anonymous.take(address)
        return problems.of_error(_too_many(wait_s)) if wait_s else response


def request_rates(settings: PlatformSettings) -> RequestRates:
    """Return the limits the settings say, for one application in one process."""
    return RequestRates(
        Buckets(settings.requests_per_minute),
        Buckets(settings.anonymous_requests_per_minute),
        client_address(settings.gateways),
    )


def _credential() -> str:
    return (
        request.headers.get("Authorization", "")
        or request.cookies.get(SECURE_NAME, "")
        or request.cookies.get(PLAIN_NAME, "")
    )


def _require(wait_s: float) -> None:
    if wait_s:
        raise _too_many(wait_s)


def _too_many(wait_s: float) -> TooManyAttempts:
    return TooManyAttempts("Too many requests; wait a while.", retry_after_s=wait_s)
