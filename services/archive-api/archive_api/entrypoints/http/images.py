"""Images over HTTP; read only, they come from imports."""

import csv
import io
import json
from collections.abc import Sequence
from urllib.parse import urlencode

from flask import Blueprint, Response, request

from archive_api.domain.image import Image
from archive_api.domain.readiness import Shown
from archive_api.entrypoints.http.image_query import asked_images
from archive_api.entrypoints.http.item_query import read_cursor, written_cursor
from archive_api.entrypoints.http.links import Links
from archive_api.entrypoints.http.shapes import Json, show_image
from archive_api.use_cases.browse_images import find_image, list_images, list_images_after
from archive_api.use_cases.library import Library
from archive_api.use_cases.search_items import Position
from archive_shared.clock import to_text
from archive_shared.http.app import json_response
from archive_shared.http.requests import bearer_token, page, page_body


def images_blueprint(library: Library, links: Links) -> Blueprint:
    """Routes for images."""
    routes = Blueprint("images", __name__, url_prefix="/api/v1/cases/images")

    @routes.get("/")
    def list_visible() -> Response:
        """List images; `?format=csv` as a table, `?cursor=` page by page without counting."""
        if "cursor" in request.args:
            return _listed_after()
        wanted = page()
        count, found = list_images(
            library, bearer_token(), asked_images(), skip=wanted.offset, limit=wanted.limit
        )
        results = [show_image(each, links) for each in found]
        if request.args.get("format") == "csv":
            return Response(_table(results), content_type="text/csv; charset=utf-8")
        return json_response(page_body(wanted, url=links.images, count=count, results=results))

    @routes.get("/<pk>/")
    def show(pk: str) -> Response:
        return json_response(show_image(find_image(library, bearer_token(), pk), links))

    def _listed_after() -> Response:
        limit, position = page().limit, read_cursor()
        place = None if position is None else _place(position)
        found = list_images_after(library, bearer_token(), asked_images(), place, limit=limit)
        following = _next_url(found[-1]) if found else None
        results = [show_image(each, links) for each in found]
        return json_response({"count": None, "next": following, "previous": None, "results": results})

    def _next_url(last: Shown[Image]) -> str:
        place = Position(f"{to_text(last.image.created_at)}.{last.image.id}")
        kept = [
            (name, value)
            for name, value in request.args.items(multi=True)
            if name not in ("cursor", "offset")
        ]
        return f"{links.images}?{urlencode([*kept, ('cursor', written_cursor(place))])}"

    return routes


def _place(position: Position) -> tuple[str, str]:
    at, _, identifier = position.identifier.rpartition("Z.")
    return f"{at}Z", identifier


def _table(results: Sequence[Json]) -> str:
    """Write images as CSV; what is no scalar is JSON."""
    out = io.StringIO()
    names = list(results[0]) if results else ["pk", "name"]
    writer = csv.DictWriter(out, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _cell(each[name]) for name in names} for each in results)
    return out.getvalue()


def _cell(value: object) -> object:
    return json.dumps(value) if isinstance(value, dict | list) else value
