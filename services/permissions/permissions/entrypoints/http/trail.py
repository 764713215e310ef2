"""The audit trail over HTTP, as JSON and as CSV."""

from collections.abc import Iterator
from functools import partial

from flask import Blueprint, Response

from permissions.entrypoints.http import schemas
from permissions.entrypoints.http.callers import caller_of, caller_on
from permissions.entrypoints.http.paging import answer_page
from permissions.use_cases.directory import Directory
from permissions.use_cases.read_trail import export_acts, list_acts


def trail_blueprint(directory: Directory, *, public_url: str) -> Blueprint:
    """Routes for the trail of an archive and of the platform."""
    routes = Blueprint("trail", __name__, url_prefix="/api/v1")

    @routes.get("/trail/")
    def everything() -> Response:
        """List what was done by whom, of the whole platform, the newest first."""
        acts = partial(list_acts, directory, caller_of(directory), None)
        return answer_page(public_url, acts, schemas.show_act)

    @routes.get("/archives/<archive>/trail/")
    def of_archive(archive: str) -> Response:
        """List what was done by whom to the archive, the newest first."""
        acts = partial(list_acts, directory, caller_on(directory, archive), archive)
        return answer_page(public_url, acts, schemas.show_act)

    @routes.get("/trail.csv")
    def everything_as_csv() -> Response:
        """Export the audit trail of the whole platform."""
        return _file(export_acts(directory, caller_of(directory), None))

    @routes.get("/archives/<archive>/trail.csv")
    def archive_as_csv(archive: str) -> Response:
        """Export the audit trail of the archive."""
        return _file(export_acts(directory, caller_on(directory, archive), archive))

    return routes


def _file(lines: Iterator[str]) -> Response:
    response = Response(lines, content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="trail.csv"'
    response.cache_control.no_store = True
    return response
