"""Upload sessions over HTTP: start one, watch it, cancel it, try it again."""

from flask import Blueprint, Response

from archive_shared.access import Access
from archive_shared.http.app import json_response
from archive_shared.http.requests import bearer_token, body, page, page_body, signed_in
from ingest_worker.entrypoints.http import schemas
from ingest_worker.use_cases.sessions import Sessions
from ingest_worker.use_cases.target import WantedTarget


def sessions_blueprint(sessions: Sessions, access: Access, *, public_url: str) -> Blueprint:
    """Routes for upload sessions; everybody sees only their own."""
    url = f"{public_url}/api/v1/cases/upload-sessions/"
    routes = Blueprint("sessions", __name__, url_prefix="/api/v1/cases/upload-sessions")

    @routes.get("/")
    def list_mine() -> Response:
        """List sessions; of a very long report, the beginning and how long it is."""
        caller, wanted = signed_in(access), page()
        count, found = sessions.list_owned(caller, skip=wanted.offset, limit=wanted.limit)
        results = [schemas.show_session(session, public_url=public_url) for session in found]
        return json_response(page_body(wanted, url=url, count=count, results=results))

    @routes.post("/")
    def start() -> Response:
        """Start an import; `dry_run` tells which item each file would belong to, and starts nothing."""
        caller, asked = signed_in(access), body(schemas.NewSession())
        uploads = [schemas.identifier_in(reference) for reference in asked.pop("uploads")]
        if asked["archive_item"]:
            asked["archive_item"] = schemas.identifier_in(asked["archive_item"])
        if asked.pop("dry_run"):
            preview = sessions.preview(caller, bearer_token(), uploads=uploads, wanted=WantedTarget(**asked))
            return json_response({"files": [schemas.show_placement(*each) for each in preview]})
        session = sessions.start(caller, bearer_token(), uploads=uploads, wanted=WantedTarget(**asked))
        return json_response(schemas.show_session(session, public_url=public_url), 201)

    @routes.get("/<pk>/")
    def show(pk: str) -> Response:
        session = sessions.owned(signed_in(access), pk)
        return json_response(schemas.show_session(session, sessions.report(session), public_url=public_url))

    @routes.post("/<pk>/cancel/")
    def cancel(pk: str) -> Response:
        session = sessions.cancel(signed_in(access), pk)
        return json_response(schemas.show_session(session, public_url=public_url))

    @routes.post("/<pk>/retry/")
    def retry(pk: str) -> Response:
        session = sessions.retry(signed_in(access), pk)
        return json_response(schemas.show_session(session, public_url=public_url))

    return routes
