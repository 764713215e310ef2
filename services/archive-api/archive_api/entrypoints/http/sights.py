"""Why a caller may see an image, for services that check it again later without asking here; never routed from outside.

It tells nobody more than they may know: the caller's own token is asked for, and answered are archives they may use.
"""

from flask import Blueprint, Response

from archive_api.use_cases.browse_images import find_sight
from archive_api.use_cases.library import Library
from archive_api.use_cases.view_item import looking_at_image
from archive_shared.http.app import json_response
from archive_shared.http.requests import bearer_token


def sights_blueprint(library: Library) -> Blueprint:
    """Routes for services that act for a caller."""
    routes = Blueprint("sights", __name__, url_prefix="/internal/v1")

    @routes.get("/images/<image>/sight/")
    def sight(image: str) -> Response:
        token = looking_at_image(library, bearer_token(), image)
        found = find_sight(library, token, image)
        return json_response({"archives": found.archives, "is_theirs": found.is_theirs})

    return routes
