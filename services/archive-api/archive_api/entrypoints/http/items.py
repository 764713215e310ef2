"""Items over HTTP."""

from dataclasses import dataclass

from flask import Blueprint, Response
from marshmallow import Schema

from archive_api.entrypoints.http import schemas
from archive_api.entrypoints.http.item_pages import ItemPages, sockets_of
from archive_api.entrypoints.http.item_shapes import show_written_item
from archive_api.entrypoints.http.links import Links
from archive_api.entrypoints.http.posting import posted
from archive_api.entrypoints.http.preconditions import expected_of, tagged
from archive_api.entrypoints.http.shapes import Json
from archive_api.use_cases.browse_items import ShownItem, find_item, show_items
from archive_api.use_cases.edit_items import (
    ItemChange,
    NewItem,
    change_item,
    create_item,
    delete_item,
)
from archive_api.use_cases.library import Library
from archive_api.use_cases.view_item import looking_at_item
from archive_shared.access import Action
from archive_shared.errors import Invalid
from archive_shared.http.app import json_response
from archive_shared.http.requests import bearer_token, body


def items_blueprint(library: Library, links: Links) -> Blueprint:
    """Routes for items."""
    routes = Blueprint("items", __name__, url_prefix="/api/v1/archives/items")

    pages, editing = ItemPages(library, links), _Editing(library, links)

    @routes.get("/")
    def list_visible() -> Response:
        """List items; with filters, or with a cursor, page by page with no end to them."""
        return pages.answer()

    @routes.post("/")
    def create() -> Response:
        """Create an item."""
        return editing.create()

    @routes.get("/<pk>/")
    def show(pk: str) -> Response:
        """Show an item with its values, to a viewer too that it was opened with."""
        item = find_item(library, looking_at_item(library, bearer_token(), pk), pk, Action.USE_ARCHIVE)
        [shown] = show_items(library, [item])
        return tagged(json_response(pages.shown([shown])[0]), item.version)

    @routes.patch("/<pk>/")
    def change(pk: str) -> Response:
        """Change an item; values not named stay."""
        return editing.change(pk, schemas.ItemPatch(), only_these=False)

    @routes.put("/<pk>/")
    def replace(pk: str) -> Response:
        """Make an item what is sent; values not named go."""
        return editing.change(pk, schemas.ItemReplacement(), only_these=True)

    @routes.delete("/<pk>/")
    def delete(pk: str) -> Response:
        """Delete an item; it can be restored for a while."""
        return editing.delete(pk)

    return routes


@dataclass(frozen=True)
class _Editing:
    """What requests that change items do."""

    library: Library
    links: Links

    def create(self) -> Response:
        token = bearer_token()
        caller = self.library.require_caller(token)
        wanted = NewItem(**body(schemas.NewItem()))

        def act(identifier: str) -> tuple[int, Json]:
            return 201, self._written(create_item(self.library, token, identifier, wanted))

        return posted(self.library, caller.account, act)

    def change(self, pk: str, schema: Schema, *, only_these: bool) -> Response:
        token = bearer_token()
        item = find_item(self.library, token, pk, Action.UPLOAD)
        sent = body(schema)
        if sent["archive"] not in (None, item.archive):
            raise Invalid({"archive": ["An item stays in its archive."]})
        wanted = ItemChange(
            title=sent["title"],
            values=sent["values"],
            removed=sent["removed"],
            only_these=only_these,
            expected_version=expected_of(self.library, item),
        )
        changed = change_item(self.library, token, self.library.require_caller(token), item, wanted)
        [shown] = show_items(self.library, [changed])
        return tagged(json_response(self._written(shown)), changed.version)

    def delete(self, pk: str) -> Response:
        token = bearer_token()
        item = find_item(self.library, token, pk, Action.CHANGE_ARCHIVE)
        expected = expected_of(self.library, item)
        caller = self.library.require_caller(token)
        deleted = delete_item(self.library, caller, item, expected_version=expected)
        return tagged(Response(status=204), deleted.version)  # to be restored with

    def _written(self, shown: ShownItem) -> Json:
        return show_written_item(shown, self.links, sockets_of(self.library, [shown]))
