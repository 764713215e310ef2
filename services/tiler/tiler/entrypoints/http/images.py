"""Previews and tiles over HTTP.

What an entity tag names never changes, so browsers keep it; they ask again each time, because the answer to
"may I still see it" may have changed.
"""

import hashlib

from archive_shared.http.app import json_response
from archive_shared.http.requests import bearer_token
from flask import Blueprint, Response, request

from tiler.domain.deep_zoom import DeepZoom
from tiler.domain.picture import Picture
from tiler.use_cases.show_image import Gallery, Pyramid, ReadTile


def images_blueprint(gallery: Gallery, *, deep_zoom_tile: ReadTile, zoom_tile: ReadTile) -> Blueprint:
    """Routes for the products of images."""
    routes = Blueprint("images", __name__, url_prefix="/api/v1/tiles/images")

    @routes.get("/<image>/preview.jpeg")
    def preview(image: str) -> Response:
        picture, key = gallery.preview(bearer_token(), image)
        return _picture(picture, key)

    @routes.get("/<image>/")
    def describe(image: str) -> Response:
        return json_response(_description(gallery.pyramid(bearer_token(), image)))

    @routes.get("/<image>.dzi")
    def descriptor(image: str) -> Response:
        pyramid = gallery.pyramid(bearer_token(), image)
        return Response(DeepZoom.of(pyramid.index).descriptor(), content_type="application/xml")

    @routes.get("/<image>_files/<int:level>/<int:column>_<int:row>.<extension>")
    def deep_zoom(image: str, level: int, column: int, row: int, extension: str) -> Response:
        return _tile(deep_zoom_tile, image, level, column, row)

    @routes.get("/<image>/<int:z>/<int:x>/<int:y>.<extension>")
    def zoom(image: str, z: int, x: int, y: int, extension: str) -> Response:
        return _tile(zoom_tile, image, z, x, y)

    def _tile(read: ReadTile, image: str, level: int, column: int, row: int) -> Response:
        pyramid = gallery.pyramid(bearer_token(), image)
        tag = f"{read.__name__}/{pyramid.etag}/{level}/{column}/{row}"
        return _picture(read(pyramid.source, pyramid.index, level, column, row), tag)

    return routes


def _picture(picture: Picture, name: str) -> Response:
    response = Response(picture.body, content_type=picture.content_type)
    response.set_etag(hashlib.sha256(name.encode()).hexdigest()[:32])
    response.headers["Cache-Control"] = "private, no-cache"
    response.make_conditional(request)
    return response


def _description(pyramid: Pyramid) -> dict[str, object]:
    index, zoom = pyramid.index, DeepZoom.of(pyramid.index)
    return {
        "width": index.width,
        "height": index.height,
        "tile_size": zoom.tile_size,
        "format": zoom.format,
        "zoom_levels": zoom.zoom_levels,
        "pixel_width_um": index.pixel_width_um,
        "pixel_height_um": index.pixel_height_um,
        "levels": [
            {"width": level.width, "height": level.height, "downsample": index.downsample(number)}
            for number, level in enumerate(index.levels)
        ],
    }
