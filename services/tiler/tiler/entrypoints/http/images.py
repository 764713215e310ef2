"""Previews and tiles over HTTP.

What an entity tag names never changes, so browsers keep it; they ask again each time, because the answer to
"may I still see it" may have changed. So a tag is looked at only after that question.
"""

from flask import Blueprint, Response

from archive_shared.http.app import json_response
from archive_shared.http.requests import bearer_token
from tiler.domain.deep_zoom import DeepZoom
from tiler.domain.problems import UnreadableImage
from tiler.entrypoints.http.answers import answered_picture, answered_text, damaged
from tiler.entrypoints.http.descriptions import description
from tiler.use_cases.show_image import Gallery, TileAddress


def images_blueprint(gallery: Gallery) -> Blueprint:
    """Routes for the products of images."""
    routes = Blueprint("images", __name__, url_prefix="/api/v1/tiles/images")
    routes.register_error_handler(UnreadableImage, damaged)

    @routes.get("/<image>/preview.jpeg")
    def preview(image: str) -> Response:
        """Send the preview of an image."""
        return answered_picture(gallery.preview(bearer_token(), image))

    @routes.get("/<image>/")
    def describe(image: str) -> Response:
        """Tell what is known of an image that can be zoomed into."""
        return answered_text(json_response(description(gallery.pyramid(bearer_token(), image).index)))

    @routes.get("/<image>.dzi")
    def descriptor(image: str) -> Response:
        """Describe an image for Deep Zoom viewers."""
        zoom = DeepZoom.of(gallery.pyramid(bearer_token(), image).index)
        return answered_text(Response(zoom.descriptor(), content_type="application/xml"))

    @routes.get("/<image>_files/<int:level>/<int:column>_<int:row>.<extension>")
    def deep_zoom(image: str, level: int, column: int, row: int, extension: str) -> Response:
        """Send a tile of a Deep Zoom level."""
        at = TileAddress(level, column, row, extension)
        return answered_picture(gallery.deep_zoom_tile(bearer_token(), image, at))

    @routes.get("/<image>/<int:z>/<int:x>/<int:y>.<extension>")
    def zoom(image: str, z: int, x: int, y: int, extension: str) -> Response:
        """Send a tile; at z 0 the whole image is one tile."""
        return answered_picture(gallery.zoom_tile(bearer_token(), image, TileAddress(z, x, y, extension)))

    return routes
