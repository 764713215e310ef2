"""W3C trace context: one identifier follows a request through HTTP calls, events and jobs into the logs.

Source: https://www.w3.org/TR/trace-context/ (traceparent, version 00).
"""

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}")
_current: ContextVar[str | None] = ContextVar("traceparent", default=None)


def current_traceparent() -> str:
    """Return the traceparent of what is being done now, starting a trace when there is none."""
    present = _current.get()
    if present is None:
        present = f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"
        _current.set(present)
    return present


def current_trace_id() -> str:
    return current_traceparent().split("-")[1]


def present_trace_id() -> str | None:
    """Return the identifier of the trace being followed, None outside of one; logs ask, who must not start one."""
    present = _current.get()
    return None if present is None else present.split("-")[1]


@contextmanager
def traced(traceparent: str | None) -> Iterator[None]:
    """Do what follows as part of the given trace, or of a new one when it is missing or malformed."""
    matched = _TRACEPARENT.fullmatch(traceparent or "")
    trace_id = matched[1] if matched else secrets.token_hex(16)
    token = _current.set(f"00-{trace_id}-{secrets.token_hex(8)}-01")
    try:
        yield
    finally:
        _current.reset(token)
