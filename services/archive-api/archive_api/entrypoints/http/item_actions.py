"""What can be done with items beside editing them, over HTTP."""

from flask import Blueprint, Response

from archive_api.domain.item import Item
from archive_api.entrypoints.http import schemas
from archive_api.entrypoints.http.links import Links
from archive_api.entrypoints.http.posting import posted
from archive_api.entrypoints.http.preconditions import expected_of
from archive_api.entrypoints.http.shapes import Json, show_change, show_task, show_written_item
from archive_api.use_cases.browse_items import show_items
from archive_api.use_cases.bulk import begin_bulk
from archive_api.use_cases.library import Library
from archive_api.use_cases.move_items import copy_item, move_item, read_history, restore_item
from archive_shared.http.app import json_response
from archive_shared.http.requests import bearer_token, body


def item_actions_blueprint(library: Library, links: Links) -> Blueprint:
    """Routes for actions on items."""
    routes = Blueprint("item_actions", __name__, url_prefix="/api/v1/archives/items")

    @routes.post("/bulk/")
    def bulk() -> Response:
        """Begin to create, edit and delete many items; the answer says where to see how far it is."""
        token = bearer_token()
        caller = library.require_caller(token)
        wanted = body(schemas.Bulk())

        def act(identifier: str) -> tuple[int, Json]:
            task = begin_bulk(library, token, identifier, wanted["archive"], wanted["rows"])
            return 202, show_task(task, links)

        return posted(library, caller.id, act)

    @routes.post("/<pk>/restore/")
    def restore(pk: str) -> Response:
        """Bring a deleted item back."""
        token = bearer_token()
        caller = library.require_caller(token)

        def act(_: str) -> tuple[int, Json]:
            return 200, _written(restore_item(library, token, pk, _expecting))

        return posted(library, caller.id, act)

    @routes.post("/<pk>/move/")
    def move(pk: str) -> Response:
        """Put the item into another archive."""
        token = bearer_token()
        caller = library.require_caller(token)

        def act(_: str) -> tuple[int, Json]:
            archive = body(schemas.Destination())["archive"]
            return 200, _written(move_item(library, token, pk, archive, _expecting))

        return posted(library, caller.id, act)

    @routes.post("/<pk>/copy/")
    def copy(pk: str) -> Response:
        """Put a copy of the item into an archive; values are shared, not stored again."""
        token = bearer_token()
        caller = library.require_caller(token)

        def act(identifier: str) -> tuple[int, Json]:
            archive = body(schemas.Destination())["archive"]
            return 201, _written(copy_item(library, token, pk, archive, identifier))

        return posted(library, caller.id, act)

    @routes.get("/<pk>/history/")
    def history(pk: str) -> Response:
        """List who changed the item when, the newest first."""
        item = read_history(library, bearer_token(), pk)
        return json_response({"results": [show_change(each) for each in reversed(item.history)]})

    def _expecting(item: Item) -> int | None:
        return expected_of(library, item)

    def _written(item: Item) -> Json:
        [shown] = show_items(library, [item])
        return show_written_item(shown, links, library.sockets.named(item.by_socket))

    return routes
