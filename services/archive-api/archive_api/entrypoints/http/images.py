"""Images over HTTP; read only, they come from imports."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, Response, request

from archive_api.domain.image import Image
from archive_api.domain.readiness import Shown
from archive_api.entrypoints.http.cursors import url_behind
from archive_api.entrypoints.http.image_query import asked_images, read_place, written_place
from archive_api.entrypoints.http.image_shapes import show_image
from archive_api.entrypoints.http.links import Links
from archive_api.entrypoints.http.page_formats import formatted
from archive_api.entrypoints.http.shapes import Json
from archive_api.use_cases.browse_images import find_image
from archive_api.use_cases.library import Library
from archive_api.use_cases.list_images import list_images, list_images_after
from archive_api.use_cases.view_item import looking_at_image
from archive_shared.http.app import json_response
from archive_shared.http.requests import bearer_token, page, page_body


def images_blueprint(library: Library, links: Links) -> Blueprint:
    """Routes for images."""
    routes = Blueprint("images", __name__, url_prefix="/api/v1/cases/images")
    pages = _ImagePages(library, links)

    @routes.get("/")
    def list_visible() -> Response:
        """List images; `?format=csv` as a table, `?cursor=` page by page without counting."""
        body = pages.by_cursor() if "cursor" in request.args else pages.by_offset()
        return formatted(body)

    @routes.get("/<pk>/")
    def show(pk: str) -> Response:
        """Show an image, to a viewer too that an item was opened with."""
        token = looking_at_image(library, bearer_token(), pk)
        return json_response(show_image(find_image(library, token, pk), links))

    return routes


@dataclass(frozen=True)
class _ImagePages:
    """Pages of what the library holds."""

    library: Library
    links: Links

    def by_offset(self) -> Json:
        wanted = page()
        count, found = list_images(
            self.library, bearer_token(), asked_images(), skip=wanted.offset, limit=wanted.limit
        )
        return page_body(wanted, url=self.links.images, count=count, results=self._shown(found))

    def by_cursor(self) -> Json:
        wanted = asked_images()
        found, place = list_images_after(
            self.library, bearer_token(), wanted, read_place(wanted), limit=page().limit
        )
        following = None if place is None else url_behind(self.links.images, written_place(wanted, place))
        return {"count": None, "next": following, "previous": None, "results": self._shown(found)}

    def _shown(self, found: Sequence[Shown[Image]]) -> list[Json]:
        return [show_image(each, self.links) for each in found]
