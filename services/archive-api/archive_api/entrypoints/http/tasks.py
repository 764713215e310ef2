"""Tasks over HTTP: how far long work is; everybody sees only their own."""

from flask import Blueprint, Response

from archive_api.entrypoints.http.links import Links
from archive_api.entrypoints.http.shapes import show_task
from archive_api.use_cases.browse_tasks import find_task, list_tasks
from archive_api.use_cases.library import Library
from archive_shared.http.app import json_response
from archive_shared.http.requests import bearer_token, page, page_body


def tasks_blueprint(library: Library, links: Links) -> Blueprint:
    """Routes for tasks."""
    routes = Blueprint("tasks", __name__, url_prefix="/api/v1/tasks")

    @routes.get("/")
    def list_mine() -> Response:
        """List the caller's tasks."""
        wanted = page()
        count, found = list_tasks(library, bearer_token(), skip=wanted.offset, limit=wanted.limit)
        results = [show_task(task, links) for task in found]
        return json_response(page_body(wanted, url=links.tasks, count=count, results=results))

    @routes.get("/<pk>/")
    def show(pk: str) -> Response:
        """Show how far a task is, and what went wrong in it."""
        return json_response(show_task(find_task(library, bearer_token(), pk), links))

    return routes
