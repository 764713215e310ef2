"""POST over HTTP: every one may carry an Idempotency-Key (draft-ietf-httpapi-idempotency-key-header)."""

import json
from collections.abc import Callable
from typing import Any

from flask import Response, request

from archive_shared.idempotency import AnswerBook

Acted = tuple[int, Any]
"""A status and what is answered as JSON; None for an answer without a body."""


def posted(answers: AnswerBook, caller: str, act: Callable[[str], Acted]) -> Response:
    """Answer a POST with what `act` returns for the identifier of what is made.

    Sent again with the same key it is answered as the first time. So whether the caller may do it at all is to be asked before.
    """

    def written(identifier: str) -> tuple[int, str]:
        status, body = act(identifier)
        return status, "" if body is None else json.dumps(body, allow_nan=False)

    asked = b"\0".join([request.method.encode(), request.full_path.encode(), _body()])
    status, text = answers.once(caller, request.headers.get("Idempotency-Key", ""), asked, written)
    return Response(text, status=status, content_type="application/json" if text else None)


def _body() -> bytes:
    """Return the body; a form's has a boundary that differs each time, so its fields are taken."""
    if request.mimetype != "multipart/form-data":
        return request.get_data()
    files = [(name, file.read()) for name, file in sorted(request.files.items())]
    for file in request.files.values():
        file.seek(0)
    return repr((sorted(request.form.items()), files)).encode()
