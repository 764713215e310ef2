"""Images over HTTP; read only, they come from imports."""

from flask import Blueprint, Response, request

from archive_api.entrypoints.http.links import Links
from archive_api.entrypoints.http.shapes import show_image
from archive_api.use_cases.browse_images import ImageFilter, find_image, list_images
from archive_api.use_cases.library import Library
from archive_shared.http.app import json_response
from archive_shared.http.requests import bearer_token, page, page_body


def images_blueprint(library: Library, links: Links) -> Blueprint:
    """Routes for images."""
    routes = Blueprint("images", __name__, url_prefix="/api/v1/cases/images")

    @routes.get("/")
    def list_visible() -> Response:
        wanted = page()
        asked = ImageFilter(archive=request.args.get("archive"), name=request.args.get("name"))
        count, found = list_images(library, bearer_token(), asked, skip=wanted.offset, limit=wanted.limit)
        results = [show_image(each, links) for each in found]
        return json_response(page_body(wanted, url=links.images, count=count, results=results))

    @routes.get("/<pk>/")
    def show(pk: str) -> Response:
        return json_response(show_image(find_image(library, bearer_token(), pk), links))

    return routes
