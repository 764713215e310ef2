"""Slices of volumes, and pictures, as PNG or JPEG, or their values as NumPy writes them.

A slice has two addresses. The one with the version of the image never shows anything else, so browsers keep it without
asking again, as they do tiles; the other is for who knows no version.
"""

from flask import Blueprint, Response, request

from archive_shared.errors import NotFound
from archive_shared.http.app import json_response
from archive_shared.http.requests import bearer_token, whole_number
from tiler.domain.problems import UnreadableImage
from tiler.domain.volume import SliceAddress
from tiler.entrypoints.http.answers import answered_picture, answered_text, damaged
from tiler.entrypoints.http.descriptions import volume_description
from tiler.entrypoints.http.entity_tags import entity_tag
from tiler.entrypoints.http.passes import shown_pass
from tiler.entrypoints.http.tile_door import PREFIX
from tiler.use_cases.show_slice import Slices, Volume
from tiler.use_cases.watch_slide import Watching


def slices_blueprint(slices: Slices, watching: Watching) -> Blueprint:
    """Routes below the address of an image."""
    routes = Blueprint("slices", __name__, url_prefix=f"{PREFIX.rstrip('/')}/<image>")
    routes.register_error_handler(UnreadableImage, damaged)

    def volume(image: str) -> Volume:
        found = shown_pass(watching, image)
        return slices.volume_of(found) if found else slices.volume(bearer_token(), image)

    @routes.get("/volume")
    def describe(image: str) -> Response:
        """Tell how a volume can be cut, its window, and where its slices are."""
        found = volume(image)
        address = f"{PREFIX}{image}/v/{entity_tag(found.name)}/slices/"
        return answered_text(json_response(volume_description(slices.shape(found), address)))

    @routes.get("/slices/<axis>/<int:index>.<encoding>")
    def latest(image: str, axis: str, index: int, encoding: str) -> Response:
        """Show a slice; `time`, and `center` with `width`, choose the moment and the window."""
        return answered_picture(slices.slice(volume(image), _address(axis, index, encoding)))

    @routes.get("/v/<version>/slices/<axis>/<int:index>.<encoding>")
    def lasting(image: str, version: str, axis: str, index: int, encoding: str) -> Response:
        """Show the same at an address that browsers may keep for good."""
        found = volume(image)
        if version != entity_tag(found.name):
            raise NotFound("there is another version of the image now")
        shown = slices.slice(found, _address(axis, index, encoding))
        return answered_picture(shown, never_changes=True)

    return routes


def _address(axis: str, index: int, encoding: str) -> SliceAddress:
    asked = request.args
    return SliceAddress(
        axis, index, encoding, whole_number("time", 0), asked.get("center", ""), asked.get("width", "")
    )
