"""What was deleted from an archive over HTTP, for editors, who may restore it for a while."""

from flask import Blueprint, Response

from archive_api.domain.item import Item
from archive_api.entrypoints.http.links import Links
from archive_api.entrypoints.http.shapes import Json
from archive_api.use_cases.browse_deleted import list_deleted, restorable_until
from archive_api.use_cases.library import Library
from archive_shared.clock import to_text
from archive_shared.http.app import json_response
from archive_shared.http.requests import bearer_token, page, page_body


def deleted_items_blueprint(library: Library, links: Links) -> Blueprint:
    """The one route."""
    routes = Blueprint("deleted_items", __name__, url_prefix="/api/v1/archives/<pk>/deleted-items")

    @routes.get("/")
    def list_restorable(pk: str) -> Response:
        """List the items that were deleted and can be restored, the last one first; `restore` is where to POST to."""
        wanted = page()
        count, found = list_deleted(library, bearer_token(), pk, skip=wanted.offset, limit=wanted.limit)
        results = [show_deleted(item, links) for item in found]
        return json_response(page_body(wanted, url=links.deleted_items(pk), count=count, results=results))

    return routes


def show_deleted(item: Item, links: Links) -> Json:
    assert item.deleted_at is not None
    return {
        "pk": item.id,
        "title": item.title,
        "values": len(item.by_socket),
        "deleted": to_text(item.deleted_at),
        "deleted_by": item.deleted_by,
        "restorable_until": to_text(restorable_until(item)),
        "restore": links.restoring(item.id),
    }
