"""Cursors: where a list goes on, as text that clients send back as it is."""

import base64
import binascii
import json
from typing import Any
from urllib.parse import urlencode

from flask import request

from archive_shared.errors import Invalid
from archive_shared.http.requests import page
from archive_shared.json_text import NoJson, read_json


def read_cursor() -> Any:
    """Return what the cursor of the query says, None for the beginning; raise `Invalid` for what is none, or has an offset beside it."""
    text = request.args.get("cursor", "")
    if "cursor" in request.args and page().offset:
        raise Invalid({"offset": ["The cursor says where to go on."]})
    if not text:
        return None
    try:
        return read_json(base64.urlsafe_b64decode(text.encode()), field="cursor")
    except (binascii.Error, NoJson) as error:
        raise no_cursor() from error


def written_cursor(says: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(says).encode()).decode()


def url_behind(url: str, cursor: str) -> str:
    """Return the address of the page behind this one: of the same list, asked for in the same way, from the cursor on."""
    kept = [
        (name, value) for name, value in request.args.items(multi=True) if name not in ("cursor", "offset")
    ]
    return f"{url}?{urlencode([*kept, ('cursor', cursor)])}"


def no_cursor() -> Invalid:
    """Return the refusal of a cursor that says something else than it should."""
    return Invalid({"cursor": ["Use the address in `next` as it is."]})
