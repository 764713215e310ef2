"""Notifications over HTTP; everybody sees their own."""

from flask import Blueprint, Response, request

from archive_shared.http.app import json_response
from archive_shared.http.requests import page, page_body
from permissions.entrypoints.http import schemas
from permissions.entrypoints.http.callers import caller_of
from permissions.use_cases.directory import Directory
from permissions.use_cases.notify import list_notifications, mark_all_read, mark_read


def notifications_blueprint(directory: Directory, *, public_url: str) -> Blueprint:
    """Routes for notifications."""
    routes = Blueprint("notifications", __name__, url_prefix="/api/v1/notifications")

    @routes.get("/")
    def list_mine() -> Response:
        """List them, newest first; with `unread=true` only those that were not read."""
        caller, wanted = caller_of(directory), page()
        unread = request.args.get("unread") == "true"
        count, found = list_notifications(
            directory, caller, unread=unread, skip=wanted.offset, limit=wanted.limit
        )
        results = [schemas.show_notification(each) for each in found]
        url = f"{public_url}/api/v1/notifications/"
        return json_response(page_body(wanted, url=url, count=count, results=results))

    @routes.post("/read/")
    def read_all() -> Response:
        mark_all_read(directory, caller_of(directory))
        return Response(status=204)

    @routes.post("/<pk>/read/")
    def read(pk: str) -> Response:
        return json_response(schemas.show_notification(mark_read(directory, caller_of(directory), pk)))

    return routes
