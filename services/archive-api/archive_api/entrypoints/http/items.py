"""Items over HTTP."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, request
from marshmallow import Schema

from archive_api.domain.item import Item
from archive_api.entrypoints.http import schemas, shapes
from archive_api.entrypoints.http.item_query import asked_conditions, read_cursor, written_cursor
from archive_api.entrypoints.http.links import Links
from archive_api.entrypoints.http.posting import posted
from archive_api.entrypoints.http.preconditions import expected_version, tagged
from archive_api.entrypoints.http.shapes import Json, Sockets, show_written_item
from archive_api.use_cases.browse_items import ShownItem, find_item, list_items, show_items
from archive_api.use_cases.edit_items import (
    ItemChange,
    NewItem,
    change_item,
    create_item,
    delete_item,
)
from archive_api.use_cases.find_items import find_items
from archive_api.use_cases.library import Library
from archive_api.use_cases.search_items import Condition, Position
from archive_shared.access import Action
from archive_shared.errors import Invalid
from archive_shared.http.app import json_response
from archive_shared.http.requests import bearer_token, body, page, page_body


def items_blueprint(library: Library, links: Links) -> Blueprint:
    """Routes for items."""
    routes = Blueprint("items", __name__, url_prefix="/api/v1/archives/items")

    @routes.get("/")
    def list_visible() -> Response:
        """List items; with filters, or with a cursor, page by page with no end to them."""
        conditions = asked_conditions()
        if conditions or "cursor" in request.args:
            return _searched(conditions)
        wanted = page()
        count, found = list_items(
            library,
            bearer_token(),
            archive=request.args.get("archive"),
            skip=wanted.offset,
            limit=wanted.limit,
        )
        results = _shown(found)
        return json_response(page_body(wanted, url=links.items, count=count, results=results))

    def _searched(conditions: Sequence[Condition]) -> Response:
        """Answer with what meets the conditions; how many there are in all is not counted."""
        found = find_items(
            library,
            bearer_token(),
            archive=request.args.get("archive"),
            conditions=conditions,
            after=read_cursor(),
            limit=page().limit,
        )
        following = None if found.following is None else _next_url(found.following)
        results = _shown(show_items(library, found.items))
        return json_response({"count": None, "next": following, "previous": None, "results": results})

    def _next_url(position: Position) -> str:
        kept = [
            (name, value)
            for name, value in request.args.items(multi=True)
            if name not in ("cursor", "offset")
        ]
        return f"{links.items}?{urlencode([*kept, ('cursor', written_cursor(position))])}"

    def _shown(found: Sequence[ShownItem]) -> list[Json]:
        return shapes.show_items(found, links, _sockets(library, found))

    @routes.post("/")
    def create() -> Response:
        token = bearer_token()
        caller = library.require_caller(token)
        wanted = NewItem(**body(schemas.NewItem()))

        def act(identifier: str) -> tuple[int, Json]:
            created = create_item(library, token, identifier, wanted)
            return 201, show_written_item(created, links, _sockets(library, [created]))

        return posted(library, caller.id, act)

    @routes.get("/<pk>/")
    def show(pk: str) -> Response:
        item = find_item(library, bearer_token(), pk, Action.USE_ARCHIVE)
        [shown] = show_items(library, [item])
        return tagged(json_response(_shown([shown])[0]), item.version)

    @routes.patch("/<pk>/")
    def change(pk: str) -> Response:
        return _change(pk, schemas.ItemPatch(), only_these=False)

    @routes.put("/<pk>/")
    def replace(pk: str) -> Response:
        return _change(pk, schemas.ItemReplacement(), only_these=True)

    @routes.delete("/<pk>/")
    def delete(pk: str) -> Response:
        token = bearer_token()
        item = find_item(library, token, pk, Action.CHANGE_ARCHIVE)
        expected = _expected(library, item)
        delete_item(library, library.require_caller(token), item, expected_version=expected)
        return Response(status=204)

    def _change(pk: str, schema: Schema, *, only_these: bool) -> Response:
        token = bearer_token()
        item = find_item(library, token, pk, Action.UPLOAD)
        sent = body(schema)
        _require_same_archive(item, sent)
        wanted = ItemChange(
            title=sent["title"],
            values=sent["values"],
            removed=sent["removed"],
            only_these=only_these,
            expected_version=_expected(library, item),
        )
        changed = change_item(library, token, library.require_caller(token), item, wanted)
        [shown] = show_items(library, [changed])
        answer = json_response(show_written_item(shown, links, _sockets(library, [shown])))
        return tagged(answer, changed.version)

    return routes


def _expected(library: Library, item: Item) -> int | None:
    archive = library.archives.require(item.archive)
    return expected_version(required=archive.settings.versions_required)


def _sockets(library: Library, shown: Sequence[ShownItem]) -> Sockets:
    return library.sockets.named({socket for each in shown for socket in each.item.by_socket})


def _require_same_archive(item: Item, sent: dict[str, Any]) -> None:
    if sent["archive"] not in (None, item.archive):
        raise Invalid({"archive": ["An item stays in its archive."]})
