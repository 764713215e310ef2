"""Items over HTTP."""

from typing import Any

from flask import Blueprint, Response, request
from marshmallow import Schema

from archive_api.domain.item import Item
from archive_api.entrypoints.http import schemas
from archive_api.entrypoints.http.links import Links
from archive_api.entrypoints.http.shapes import show_item, show_written_item
from archive_api.use_cases.browse_items import find_item, list_items, show_items
from archive_api.use_cases.edit_items import (
    ItemChange,
    change_item,
    check_values,
    create_item,
    delete_item,
)
from archive_api.use_cases.library import Library
from archive_shared.access import Action
from archive_shared.errors import Invalid
from archive_shared.http.app import json_response
from archive_shared.http.requests import bearer_token, body, page, page_body


def items_blueprint(library: Library, links: Links) -> Blueprint:
    """Routes for items."""
    routes = Blueprint("items", __name__, url_prefix="/api/v1/archives/items")

    @routes.get("/")
    def list_visible() -> Response:
        wanted = page()
        count, found = list_items(
            library,
            bearer_token(),
            archive=request.args.get("archive"),
            skip=wanted.offset,
            limit=wanted.limit,
        )
        results = [show_item(each, links) for each in found]
        return json_response(page_body(wanted, url=links.items, count=count, results=results))

    @routes.post("/")
    def create() -> Response:
        token = bearer_token()
        library.require_caller(token)
        created = create_item(library, token, **body(schemas.NewItem()))
        return json_response(show_written_item(created, links), 201)

    @routes.get("/<pk>/")
    def show(pk: str) -> Response:
        item = find_item(library, bearer_token(), pk, Action.USE_ARCHIVE)
        return json_response(show_item(show_items(library, [item])[0], links))

    @routes.patch("/<pk>/")
    def change(pk: str) -> Response:
        return _change(pk, schemas.ItemPatch(), only_these=False)

    @routes.put("/<pk>/")
    def replace(pk: str) -> Response:
        return _change(pk, schemas.ItemReplacement(), only_these=True)

    @routes.delete("/<pk>/")
    def delete(pk: str) -> Response:
        delete_item(library, find_item(library, bearer_token(), pk, Action.CHANGE_ARCHIVE))
        return Response(status=204)

    def _change(pk: str, schema: Schema, *, only_these: bool) -> Response:
        token = bearer_token()
        item = find_item(library, token, pk, Action.UPLOAD)
        sent = body(schema)
        _require_same_archive(item, sent)
        check_values(library, token, sent["values"])
        wanted = ItemChange(title=sent["title"], values=sent["values"], only_these=only_these)
        changed = change_item(library, item, wanted)
        return json_response(show_written_item(show_items(library, [changed])[0], links))

    return routes


def _require_same_archive(item: Item, sent: dict[str, Any]) -> None:
    if sent["archive"] not in (None, item.archive):
        raise Invalid({"archive": ["An item stays in its archive."]})
