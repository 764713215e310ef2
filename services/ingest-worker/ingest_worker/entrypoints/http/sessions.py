"""Upload sessions over HTTP: start one, watch it, cancel it, try it again."""

from typing import Any

from flask import Blueprint, Response

from archive_shared.access import Access
from archive_shared.http.app import json_response
from archive_shared.http.posting import Acted, posted
from archive_shared.http.requests import bearer_token, body, page, page_body, signed_in
from archive_shared.idempotency import AnswerBook
from ingest_worker.domain.session import UploadSession
from ingest_worker.entrypoints.http import schemas
from ingest_worker.use_cases.sessions import Sessions
from ingest_worker.use_cases.target import WantedTarget


def sessions_blueprint(
    sessions: Sessions, answers: AnswerBook, access: Access, *, public_url: str
) -> Blueprint:
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

        def act(_: str) -> Acted:
            wanted = WantedTarget(**asked)
            return 201, _shown(sessions.start(caller, bearer_token(), uploads=uploads, wanted=wanted))

        return posted(answers, caller.id, act)

    @routes.get("/<pk>/")
    def show(pk: str) -> Response:
        session = sessions.owned(signed_in(access), pk)
        return json_response(schemas.show_session(session, sessions.report(session), public_url=public_url))

    @routes.post("/<pk>/cancel/")
    def cancel(pk: str) -> Response:
        """End an import that waits or runs."""
        caller = signed_in(access)
        sessions.owned(caller, pk)
        return posted(answers, caller.id, lambda _: (200, _shown(sessions.cancel(caller, pk))))

    @routes.post("/<pk>/retry/")
    def retry(pk: str) -> Response:
        """Try an import again that failed or was cancelled."""
        caller = signed_in(access)
        sessions.owned(caller, pk)
        return posted(answers, caller.id, lambda _: (200, _shown(sessions.retry(caller, pk))))

    def _shown(session: UploadSession) -> dict[str, Any]:
        return schemas.show_session(session, public_url=public_url)

    return routes
