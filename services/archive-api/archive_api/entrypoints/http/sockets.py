"""Sockets over HTTP; the public client calls them component interfaces."""

from flask import Blueprint, Response, request

from archive_api.domain.sockets import Socket
from archive_api.entrypoints.http import schemas
from archive_api.entrypoints.http.links import Links
from archive_api.entrypoints.http.posting import posted
from archive_api.entrypoints.http.shapes import Json, show_socket
from archive_api.use_cases.create_socket import NewSocket, create_socket, require_administrator
from archive_api.use_cases.library import Library
from archive_shared.errors import NotFound
from archive_shared.http.app import json_response
from archive_shared.http.requests import bearer_token, body, page, page_body


def sockets_blueprint(library: Library, links: Links) -> Blueprint:
    """Routes for sockets."""
    routes = Blueprint("sockets", __name__, url_prefix="/api/v1/components/interfaces")

    @routes.get("/")
    def list_all() -> Response:
        library.require_caller(bearer_token())
        wanted = page()
        found = [show_socket(socket) for socket in _asked()]
        results = found[wanted.offset : wanted.offset + wanted.limit]
        return json_response(page_body(wanted, url=links.sockets, count=len(found), results=results))

    @routes.post("/")
    def create() -> Response:
        token = bearer_token()
        caller = library.require_caller(token)
        require_administrator(library, token)
        wanted = NewSocket(**body(schemas.NewSocketFields()))

        def act(_: str) -> tuple[int, Json]:
            return 201, show_socket(create_socket(library, wanted))

        return posted(library, caller.id, act)

    @routes.get("/<int:pk>/")
    def show(pk: int) -> Response:
        library.require_caller(bearer_token())
        socket = library.sockets.numbered(pk)
        if socket is None:
            raise NotFound(f"socket {pk} does not exist")
        return json_response(show_socket(socket))

    def _asked() -> list[Socket]:
        slug = request.args.get("slug")
        if slug is None:
            return library.sockets.all()
        found = library.sockets.get(slug)
        return [found] if found else []

    return routes
