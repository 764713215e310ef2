"""Sockets over HTTP; the public client calls them component interfaces."""

from dataclasses import dataclass

from flask import Blueprint, Response, request

from archive_api.domain.display_settings import SettingKind
from archive_api.domain.sockets import Socket
from archive_api.domain.words import words
from archive_api.entrypoints.http import schemas
from archive_api.entrypoints.http.display_settings import show_setting
from archive_api.entrypoints.http.links import Links
from archive_api.entrypoints.http.posting import posted
from archive_api.entrypoints.http.shapes import Json, show_socket
from archive_api.use_cases.create_socket import NewSocket, create_socket, require_administrator
from archive_api.use_cases.extend_segments import extend_segments
from archive_api.use_cases.keep_display_settings import find_setting
from archive_api.use_cases.library import Library
from archive_shared.errors import Invalid, NotFound
from archive_shared.http.app import json_response
from archive_shared.http.requests import bearer_token, body, page, page_body


def sockets_blueprint(library: Library, links: Links) -> Blueprint:
    """Routes for sockets."""
    routes = Blueprint("sockets", __name__, url_prefix="/api/v1/components/interfaces")
    sockets = _Sockets(library, links)
    routes.get("/")(sockets.list_all)
    routes.post("/")(sockets.create)
    routes.get("/<int:pk>/")(sockets.show)
    routes.patch("/<int:pk>/")(sockets.extend)
    return routes


@dataclass(frozen=True)
class _Sockets:
    """What requests about sockets are answered."""

    library: Library
    links: Links

    def list_all(self) -> Response:
        """List the sockets there are; `?slug=` for one, `?search=` for words, or their beginnings, of title, kind and description."""
        self.library.require_caller(bearer_token())
        wanted = page()
        found = [show_socket(socket) for socket in self._asked()]
        results = found[wanted.offset : wanted.offset + wanted.limit]
        return json_response(page_body(wanted, url=self.links.sockets, count=len(found), results=results))

    def create(self) -> Response:
        """Create a socket."""
        token = bearer_token()
        caller = self.library.require_caller(token)
        require_administrator(self.library, token)
        sent = body(schemas.NewSocketFields())
        table = self._look_up_table(token, sent.pop("look_up_table"))
        wanted = NewSocket(**sent, look_up_table=table)

        def act(_: str) -> tuple[int, Json]:
            return 201, show_socket(create_socket(self.library, wanted))

        return posted(self.library, caller.account, act)

    def show(self, pk: int) -> Response:
        """Show a socket."""
        self.library.require_caller(bearer_token())
        return json_response(show_socket(self._found(pk)))

    def extend(self, pk: int) -> Response:
        """Add segments to a segmentation; those there are have to be sent as they are."""
        require_administrator(self.library, bearer_token())
        segments = body(schemas.ExtendedSegments())["overlay_segments"]
        return json_response(show_socket(extend_segments(self.library, self._found(pk), segments)))

    def _found(self, pk: int) -> Socket:
        socket = self.library.sockets.numbered(pk)
        if socket is None:
            raise NotFound(f"socket {pk} does not exist")
        return socket

    def _look_up_table(self, token: str | None, number: int | None) -> Json | None:
        if number is None:
            return None
        try:
            found = find_setting(self.library, token, SettingKind.COLOURS, str(number))
        except NotFound as error:
            raise Invalid({"look_up_table": [f"There is no look-up table {number}."]}) from error
        return show_setting(found, self.links, {})

    def _asked(self) -> list[Socket]:
        slug, search = request.args.get("slug"), set(words(request.args.get("search", "")))
        named = self.library.sockets.get(slug) if slug is not None else None
        found = self.library.sockets.all() if slug is None else [named] if named else []
        return [socket for socket in found if search <= socket.words]
