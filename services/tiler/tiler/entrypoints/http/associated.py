"""Label and overview of slides over HTTP, for editors; see `tiler.use_cases.show_associated`."""

import structlog
from flask import Blueprint, Response, url_for

from archive_shared.http.app import json_response
from archive_shared.http.requests import bearer_token
from tiler.use_cases.show_associated import Drawer

log = structlog.get_logger()


def associated_blueprint(drawer: Drawer, public_url: str) -> Blueprint:
    """Routes for what is kept of a slide beside its pyramid."""
    routes = Blueprint("associated", __name__, url_prefix="/api/v1/tiles/images/<image>/associated")

    @routes.get("/")
    def contents(image: str) -> Response:
        """List what is kept of a slide beside its pyramid: label and overview."""
        found = [
            {
                "name": each.name,
                "width": each.width,
                "height": each.height,
                "url": f"{public_url}{url_for('associated.picture', image=image, name=each.name)}",
            }
            for each in drawer.contents(bearer_token(), image)
        ]
        return _kept_by_nobody(json_response({"results": found}))

    @routes.get("/<name>.png")
    def picture(image: str, name: str) -> Response:
        """Send the label or the overview of a slide."""
        shown = drawer.picture(bearer_token(), image, name)
        log.info("associated image shown", image=image, name=name)
        return _kept_by_nobody(Response(shown.body, content_type=shown.content_type))

    return routes


def _kept_by_nobody(response: Response) -> Response:
    response.headers["Cache-Control"] = "private, no-store"
    return response
