"""Pages of items over HTTP: all of them by offset, or what meets conditions by cursor."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Response, request

from archive_api.domain.item import Item
from archive_api.entrypoints.http.cursors import url_behind
from archive_api.entrypoints.http.item_ordering import (
    asked_ordering,
    read_place,
    require_by_age,
    written_place,
)
from archive_api.entrypoints.http.item_query import asked_conditions, read_position, written_position
from archive_api.entrypoints.http.item_shapes import Sockets, show_items
from archive_api.entrypoints.http.links import Links
from archive_api.entrypoints.http.shapes import Json
from archive_api.use_cases import browse_items
from archive_api.use_cases.browse_items import BY_AGE, ShownItem
from archive_api.use_cases.find_items import find_items, find_items_by_offset
from archive_api.use_cases.in_order import Order
from archive_api.use_cases.library import Library
from archive_api.use_cases.search_items import ByNumber, Condition, Found
from archive_shared.http.app import json_response
from archive_shared.http.requests import bearer_token, page, page_body


@dataclass(frozen=True)
class ItemPages:
    """Answers with pages of what the library holds."""

    library: Library
    links: Links

    def answer(self) -> Response:
        """Answer the present request: with filters, or with a cursor, page by page with no end to them."""
        conditions, ordering = asked_conditions(), asked_ordering()
        if isinstance(ordering, ByNumber):
            return self._filtered(conditions, ordering)
        if conditions or ("cursor" in request.args and ordering == BY_AGE):
            require_by_age(ordering)
            return self._filtered(conditions)
        return self._in_order(ordering) if "cursor" in request.args else self._by_offset(ordering)

    def shown(self, items: Sequence[ShownItem]) -> list[Json]:
        return show_items(items, self.links, sockets_of(self.library, items))

    def _by_offset(self, order: Order[Item]) -> Response:
        wanted = page()
        count, found = browse_items.list_items(
            self.library,
            bearer_token(),
            archive=request.args.get("archive"),
            skip=wanted.offset,
            limit=wanted.limit,
            order=order,
        )
        results = self.shown(found)
        return json_response(page_body(wanted, url=self.links.items, count=count, results=results))

    def _in_order(self, order: Order[Item]) -> Response:
        """Answer with what comes behind a cursor, in any order that is indexed."""
        found, place = browse_items.list_items_in_order(
            self.library,
            bearer_token(),
            archive=request.args.get("archive"),
            order=order,
            after=read_place(),
            limit=page().limit,
        )
        return self._page(found, None if place is None else written_place(place))

    def _filtered(self, conditions: Sequence[Condition], order: ByNumber | None = None) -> Response:
        """Answer with what meets the conditions; how many there are in all is not counted."""
        asks_by_offset = "offset" in request.args and "cursor" not in request.args
        found = (self._found_by_offset if asks_by_offset else self._found)(conditions, order)
        return self._page(found.items, None if found.following is None else written_position(found.following))

    def _found(self, conditions: Sequence[Condition], order: ByNumber | None) -> Found:
        return find_items(
            self.library,
            bearer_token(),
            archive=request.args.get("archive"),
            conditions=conditions,
            after=read_position(),
            limit=page().limit,
            order=order,
        )

    def _found_by_offset(self, conditions: Sequence[Condition], order: ByNumber | None) -> Found:
        wanted = page()
        return find_items_by_offset(
            self.library,
            bearer_token(),
            archive=request.args.get("archive"),
            conditions=conditions,
            skip=wanted.offset,
            limit=wanted.limit,
            order=order,
        )

    def _page(self, items: Sequence[Item], cursor: str | None) -> Response:
        following = None if cursor is None else url_behind(self.links.items, cursor)
        results = self.shown(browse_items.show_items(self.library, items))
        return json_response({"count": None, "next": following, "previous": None, "results": results})


def sockets_of(library: Library, shown: Sequence[ShownItem]) -> Sockets:
    """Return the sockets that items have values for."""
    return library.sockets.named({socket for each in shown for socket in each.item.by_socket})
