"""Viewings over HTTP: the link that opens an item in the viewer of its archive, and what the viewer reads it with.

The link has its secret behind a `#`, which browsers send to no server: so it stands in nobody's log. The viewer exchanges it
at once, and sends what it gets as a bearer token.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from flask import Blueprint, Response

from archive_api.entrypoints.http.item_shapes import viewer_address
from archive_api.entrypoints.http.links import Links
from archive_api.entrypoints.http.shapes import Json
from archive_api.use_cases.library import Library
from archive_api.use_cases.view_item import begin_viewing, open_item
from archive_shared.clock import to_text
from archive_shared.http.app import json_response
from archive_shared.http.requests import bearer_token
from archive_shared.viewing import Viewing


def viewings_blueprint(library: Library, links: Links) -> Blueprint:
    """Routes below the address of an item."""
    routes = Blueprint("viewings", __name__, url_prefix="/api/v1/archives/items/<pk>")
    viewings = _Viewings(library, links)
    routes.get("/view-link/")(viewings.link)
    routes.get("/viewing/")(viewings.begin)
    return routes


@dataclass(frozen=True)
class _Viewings:
    """What people who open an item, and viewers that show it, are answered."""

    library: Library
    links: Links

    def link(self, pk: str) -> Response:
        """Give the address that opens an item in its viewer; it has to be opened within five minutes."""
        display, viewing, written = open_item(self.library, bearer_token(), pk)
        address = viewer_address(display, pk, self.links)
        return _answer({"url": f"{address}#viewing={written}", "expires": _expiry(viewing)})

    def begin(self, pk: str) -> Response:
        """Give a viewer what it reads an item with, for what came with the link."""
        viewing, written = begin_viewing(self.library, bearer_token(), pk)
        return _answer({"viewing": written, "item": self.links.item(pk), "expires": _expiry(viewing)})


def _answer(content: Json) -> Response:
    answer = json_response(content)
    answer.cache_control.no_store = True
    return answer


def _expiry(viewing: Viewing) -> str:
    return to_text(datetime.fromtimestamp(viewing.expires_at_s, UTC))
