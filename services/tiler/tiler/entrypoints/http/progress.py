"""How far the conversion of a slide is, over HTTP."""

from flask import Blueprint, Response

from archive_shared.http.app import json_response
from archive_shared.http.requests import bearer_token
from tiler.use_cases.show_progress import Workshop


def progress_blueprint(workshop: Workshop) -> Blueprint:
    """The one route; to be asked again every few seconds until the stage is a last one."""
    routes = Blueprint("progress", __name__, url_prefix="/api/v1/tiles/images/<image>")

    @routes.get("/progress/")
    def progress(image: str) -> Response:
        """Tell how far the conversion of a slide is."""
        found = workshop.progress(bearer_token(), image)
        answer = json_response(
            {"stage": found.stage.value, "done": found.thousandths / 1000, "reason": found.reason}
        )
        answer.headers["Cache-Control"] = "private, no-store"
        return answer

    return routes
