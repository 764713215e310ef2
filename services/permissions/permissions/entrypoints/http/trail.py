"""The audit trail over HTTP, as JSON and as CSV."""

from collections.abc import Iterator

from flask import Blueprint, Response

from archive_shared.http.app import json_response
from archive_shared.http.requests import page, page_body
from permissions.domain.identity import Identity
from permissions.entrypoints.http import schemas
from permissions.entrypoints.http.callers import caller_of, caller_on
from permissions.use_cases.directory import Directory
from permissions.use_cases.read_trail import export_acts, list_acts


def trail_blueprint(directory: Directory, *, public_url: str) -> Blueprint:
    """Routes for the trail of an archive and of the platform."""
    routes = Blueprint("trail", __name__, url_prefix="/api/v1")

    @routes.get("/trail/")
    def everything() -> Response:
        return _page(caller_of(directory), None, f"{public_url}/api/v1/trail/")

    @routes.get("/archives/<archive>/trail/")
    def of_archive(archive: str) -> Response:
        url = f"{public_url}/api/v1/archives/{archive}/trail/"
        return _page(caller_on(directory, archive), archive, url)

    @routes.get("/trail.csv")
    def everything_as_csv() -> Response:
        return _file(export_acts(directory, caller_of(directory), None))

    @routes.get("/archives/<archive>/trail.csv")
    def archive_as_csv(archive: str) -> Response:
        return _file(export_acts(directory, caller_on(directory, archive), archive))

    def _page(caller: Identity, archive: str | None, url: str) -> Response:
        wanted = page()
        count, acts = list_acts(directory, caller, archive, skip=wanted.offset, limit=wanted.limit)
        results = [schemas.show_act(act) for act in acts]
        return json_response(page_body(wanted, url=url, count=count, results=results))

    return routes


def _file(lines: Iterator[str]) -> Response:
    response = Response(lines, content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="trail.csv"'
    response.cache_control.no_store = True
    return response
