"""What can be done with items beside editing them, over HTTP."""

from collections.abc import Callable
from dataclasses import dataclass

from flask import Blueprint, Response

from archive_api.domain.item import Item
from archive_api.entrypoints.http import schemas
from archive_api.entrypoints.http.item_shapes import show_written_item
from archive_api.entrypoints.http.links import Links
from archive_api.entrypoints.http.posting import posted
from archive_api.entrypoints.http.preconditions import expected_of
from archive_api.entrypoints.http.shapes import Json, show_change, show_task
from archive_api.use_cases.browse_items import show_items
from archive_api.use_cases.bulk import begin_bulk
from archive_api.use_cases.library import Library
from archive_api.use_cases.move_items import copy_item, move_item, restore_item
from archive_api.use_cases.read_history import read_history
from archive_shared.http.app import json_response
from archive_shared.http.requests import bearer_token, body


def item_actions_blueprint(library: Library, links: Links) -> Blueprint:
    """Routes for actions on items."""
    routes = Blueprint("item_actions", __name__, url_prefix="/api/v1/archives/items")
    actions = _Actions(library, links)
    routes.post("/bulk/")(actions.bulk)
    routes.post("/<pk>/restore/")(actions.restore)
    routes.post("/<pk>/move/")(actions.move)
    routes.post("/<pk>/copy/")(actions.copy)
    routes.get("/<pk>/history/")(actions.history)
    return routes


@dataclass(frozen=True)
class _Actions:
    """What those who do something with items are answered."""

    library: Library
    links: Links

    def bulk(self) -> Response:
        """Begin to create, edit and delete many items; the answer says where to see how far it is."""
        token = bearer_token()
        caller = self.library.require_caller(token)
        wanted = body(schemas.Bulk())

        def act(identifier: str) -> tuple[int, Json]:
            task = begin_bulk(self.library, token, identifier, wanted["archive"], wanted["rows"])
            return 202, show_task(task, self.links)

        return posted(self.library, caller.account, act)

    def restore(self, pk: str) -> Response:
        """Bring a deleted item back."""
        return self._posted(200, lambda token, _: restore_item(self.library, token, pk, self._expecting))

    def move(self, pk: str) -> Response:
        """Put the item into another archive."""

        def move(token: str | None, _: str) -> Item:
            return move_item(self.library, token, pk, _destination(), self._expecting)

        return self._posted(200, move)

    def copy(self, pk: str) -> Response:
        """Put a copy of the item into an archive; values are shared, not stored again."""

        def copy(token: str | None, identifier: str) -> Item:
            return copy_item(self.library, token, pk, _destination(), identifier)

        return self._posted(201, copy)

    def history(self, pk: str) -> Response:
        """List who changed the item when, the newest first."""
        changes = read_history(self.library, bearer_token(), pk)
        return json_response({"results": [show_change(each) for each in reversed(changes)]})

    def _posted(self, status: int, make: Callable[[str | None, str], Item]) -> Response:
        """Answer with the item that `make` returns for the caller's token and the identifier of what is made."""
        token = bearer_token()
        caller = self.library.require_caller(token)
        return posted(
            self.library, caller.account, lambda identifier: (status, self._written(make(token, identifier)))
        )

    def _expecting(self, item: Item) -> int | None:
        return expected_of(self.library, item)

    def _written(self, item: Item) -> Json:
        [shown] = show_items(self.library, [item])
        return show_written_item(shown, self.links, self.library.sockets.named(item.by_socket))


def _destination() -> str:
    archive: str = body(schemas.Destination())["archive"]
    return archive
