"""Errors on the wire: one table from kinds of errors to HTTP, one body for all of them (RFC 9457)."""

import json
import math
from collections.abc import Mapping, Sequence

from flask import Response
from werkzeug.exceptions import HTTPException
from werkzeug.http import HTTP_STATUS_CODES

from archive_shared.errors import (
    ArchiveSystemError,
    Conflict,
    Forbidden,
    Invalid,
    KeyReused,
    NotFound,
    Outdated,
    TooManyAttempts,
    Unauthenticated,
    Unavailable,
    VersionRequired,
)

STATUS: Mapping[type[ArchiveSystemError], int] = {
    Invalid: 400,
    Unauthenticated: 401,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    TooManyAttempts: 429,
    Outdated: 412,
    KeyReused: 422,
    VersionRequired: 428,
    Unavailable: 503,
}
RETRY_AFTER_S = 1


def problem(status: int, detail: str, errors: Mapping[str, Sequence[str]] | None = None) -> Response:
    """Answer with a problem: `errors` holds the reasons by field of the request."""
    body: dict[str, object] = {
        "type": "about:blank",
        "title": HTTP_STATUS_CODES.get(status, "Error"),
        "status": status,
        "detail": detail,
    }
    if errors:
        body["errors"] = {field: list(reasons) for field, reasons in errors.items()}
    response = Response(json.dumps(body), status=status, content_type="application/problem+json")
    if status == STATUS[Unauthenticated]:
        response.headers["WWW-Authenticate"] = "Bearer"
    if status == STATUS[Unavailable]:
        response.headers["Retry-After"] = str(RETRY_AFTER_S)
    return response


def of_error(error: ArchiveSystemError) -> Response:
    """Answer with the problem an error of ours means."""
    status = next((code for kind, code in STATUS.items() if isinstance(error, kind)), 500)
    if isinstance(error, Invalid):
        return problem(status, "The request is not valid.", error.errors)
    if isinstance(error, NotFound):  # what may not be seen and what does not exist look alike
        return problem(status, "Not found.")
    response = problem(status, str(error) or HTTP_STATUS_CODES[status])
    if isinstance(error, TooManyAttempts):
        response.headers["Retry-After"] = str(math.ceil(error.retry_after_s))
    return response


def of_http(error: HTTPException) -> Response:
    """Answer with the problem an error of Flask or Werkzeug means (unknown path, wrong method, …)."""
    response = problem(error.code or 500, error.description or "")
    response.headers.extend(
        (name, value) for name, value in error.get_headers() if name not in ("Content-Type", "Content-Length")
    )
    return response
