"""Pages of items over HTTP: all of them by offset, or what meets conditions by cursor."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Response, request

from archive_api.entrypoints.http.cursors import url_behind
from archive_api.entrypoints.http.item_query import asked_conditions, read_position, written_position
from archive_api.entrypoints.http.item_shapes import Sockets, show_items
from archive_api.entrypoints.http.links import Links
from archive_api.entrypoints.http.shapes import Json
from archive_api.use_cases import browse_items
from archive_api.use_cases.browse_items import ShownItem
from archive_api.use_cases.find_items import find_items
from archive_api.use_cases.library import Library
from archive_api.use_cases.search_items import Condition
from archive_shared.http.app import json_response
from archive_shared.http.requests import bearer_token, page, page_body


@dataclass(frozen=True)
class ItemPages:
    """Answers with pages of what the library holds."""

    library: Library
    links: Links

    def answer(self) -> Response:
        """Answer the present request: with filters, or with a cursor, page by page with no end to them."""
        conditions = asked_conditions()
        if conditions or "cursor" in request.args:
            return self._by_cursor(conditions)
        return self._by_offset()

    def shown(self, items: Sequence[ShownItem]) -> list[Json]:
        return show_items(items, self.links, sockets_of(self.library, items))

    def _by_offset(self) -> Response:
        wanted = page()
        count, found = browse_items.list_items(
            self.library,
            bearer_token(),
            archive=request.args.get("archive"),
            skip=wanted.offset,
            limit=wanted.limit,
        )
        results = self.shown(found)
        return json_response(page_body(wanted, url=self.links.items, count=count, results=results))

    def _by_cursor(self, conditions: Sequence[Condition]) -> Response:
        """Answer with what meets the conditions; how many there are in all is not counted."""
        found = find_items(
            self.library,
            bearer_token(),
            archive=request.args.get("archive"),
            conditions=conditions,
            after=read_position(),
            limit=page().limit,
        )
        place = found.following
        following = None if place is None else url_behind(self.links.items, written_position(place))
        results = self.shown(browse_items.show_items(self.library, found.items))
        return json_response({"count": None, "next": following, "previous": None, "results": results})


def sockets_of(library: Library, shown: Sequence[ShownItem]) -> Sockets:
    """Return the sockets that items have values for."""
    return library.sockets.named({socket for each in shown for socket in each.item.by_socket})
