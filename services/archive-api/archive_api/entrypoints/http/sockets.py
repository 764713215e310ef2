"""Sockets over HTTP; the public client calls them component interfaces."""

from flask import Blueprint, Response, request

from archive_api.domain.sockets import SOCKETS, socket_numbered
from archive_api.entrypoints.http.links import Links
from archive_api.entrypoints.http.shapes import show_socket
from archive_api.use_cases.library import Library
from archive_shared.errors import NotFound
from archive_shared.http.app import json_response
from archive_shared.http.requests import bearer_token, page, page_body


def sockets_blueprint(library: Library, links: Links) -> Blueprint:
    """Routes for sockets."""
    routes = Blueprint("sockets", __name__, url_prefix="/api/v1/components/interfaces")

    @routes.get("/")
    def list_all() -> Response:
        library.require_caller(bearer_token())
        wanted, slug = page(), request.args.get("slug")
        found = [show_socket(socket) for socket in SOCKETS.values() if slug in (None, socket.slug)]
        results = found[wanted.offset : wanted.offset + wanted.limit]
        return json_response(page_body(wanted, url=links.sockets, count=len(found), results=results))

    @routes.get("/<int:pk>/")
    def show(pk: int) -> Response:
        library.require_caller(bearer_token())
        socket = socket_numbered(pk)
        if socket is None:
            raise NotFound(f"socket {pk} does not exist")
        return json_response(show_socket(socket))

    return routes
