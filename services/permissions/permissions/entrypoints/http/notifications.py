"""Notifications over HTTP; everybody sees their own."""

from functools import partial

from flask import Blueprint, Response

from archive_shared.http.posting import Acted, posted
from archive_shared.http.requests import flag
from permissions.entrypoints.http import schemas
from permissions.entrypoints.http.callers import caller_of
from permissions.entrypoints.http.paging import answer_page
from permissions.use_cases.directory import Directory
from permissions.use_cases.notify import (
    delete_notification,
    list_notifications,
    mark_all_read,
    mark_read,
)


def notifications_blueprint(directory: Directory, *, public_url: str) -> Blueprint:
    """Routes for notifications."""
    routes = Blueprint("notifications", __name__, url_prefix="/api/v1/notifications")

    @routes.get("/")
    def list_mine() -> Response:
        """List them, newest first; with `unread=true` only those that were not read."""
        mine = partial(list_notifications, directory, caller_of(directory), unread=flag("unread") or False)
        return answer_page(public_url, mine, schemas.show_notification)

    @routes.post("/read/")
    def read_all() -> Response:
        """Mark all notifications of the caller as read."""
        caller = caller_of(directory)

        def act(_: str) -> Acted:
            mark_all_read(directory, caller)
            return 204, None

        return posted(directory.answers, caller.id, act)

    @routes.delete("/<pk>/")
    def delete(pk: str) -> Response:
        """Delete a notification."""
        delete_notification(directory, caller_of(directory), pk)
        return Response(status=204)

    @routes.post("/<pk>/read/")
    def read(pk: str) -> Response:
        """Mark a notification as read."""
        caller = caller_of(directory)

        def act(_: str) -> Acted:
            return 200, schemas.show_notification(mark_read(directory, caller, pk))

        return posted(directory.answers, caller.id, act)

    return routes
