"""Tells the public client `gcapi` that it is welcome; it asks before anything else, without a token."""

from flask import Blueprint, Response

from archive_shared.http.app import json_response

LATEST = "0.16.1"
LOWEST_SUPPORTED = "0.15.0"


def client_versions_blueprint() -> Blueprint:
    """The route for the client's first question; asks nobody, so that it is always up."""
    routes = Blueprint("client_versions", __name__, url_prefix="/api/v1/gcapi")

    @routes.get("/")
    def versions() -> Response:
        """Tell which versions of the public client are served."""
        return json_response({"latest_version": LATEST, "lowest_supported_version": LOWEST_SUPPORTED})

    return routes
