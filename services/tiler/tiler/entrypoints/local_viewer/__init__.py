"""A page for one slide on this machine, and the small application behind it."""

from importlib.resources import files

from flask import Flask, Response, jsonify
from werkzeug.serving import WSGIRequestHandler

from tiler.bootstrap import read_local_tile
from tiler.domain.deep_zoom import DeepZoom
from tiler.domain.problems import NoSuchTile, UnreadableImage
from tiler.domain.ranged_source import RangedSource
from tiler.domain.tile_index import TileIndex
from tiler.entrypoints.http.descriptions import description


class QuietRequests(WSGIRequestHandler):
    """Says nothing about requests that are answered: a hundred tiles would push the address off the terminal."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


def create_viewer(source: RangedSource, index: TileIndex) -> Flask:
    """Return the application; it serves whoever reaches it, so it should listen on this machine only."""
    app = Flask(__name__, static_folder=None)
    page = files(__name__)

    @app.get("/")
    def viewer() -> Response:
        return Response(
            page.joinpath("index.html").read_text("utf-8"), content_type="text/html; charset=utf-8"
        )

    @app.get("/viewer.js")
    def script() -> Response:
        return Response(page.joinpath("viewer.js").read_text("utf-8"), content_type="text/javascript")

    @app.get("/slide.json")
    def slide() -> Response:
        return jsonify(description(index))

    @app.get("/tiles/<int:z>/<int:x>/<int:y>.<extension>")
    def tile(z: int, x: int, y: int, extension: str) -> Response:
        if extension != DeepZoom.of(index).format:
            return Response(status=404)
        try:
            picture = read_local_tile(source, index, z, x, y)
        except NoSuchTile:
            return Response(status=404)
        except UnreadableImage as damaged:
            return Response(damaged.reason, status=500, content_type="text/plain")
        return Response(picture.body, content_type=picture.content_type)

    return app
