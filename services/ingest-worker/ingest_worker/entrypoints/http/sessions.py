"""Upload sessions over HTTP: start one, watch it, cancel it, try it again."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response

from archive_shared.access import Access, Caller
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
    """Routes for upload sessions; everybody sees only their own, as far as their token goes."""
    routes = Blueprint("sessions", __name__, url_prefix="/api/v1/cases/upload-sessions")
    asked = _Sessions(sessions, answers, access, public_url)
    routes.get("/")(asked.list_mine)
    routes.post("/")(asked.start)
    routes.get("/<pk>/")(asked.show)
    routes.post("/<pk>/cancel/")(asked.cancel)
    routes.post("/<pk>/retry/")(asked.retry)
    return routes


@dataclass(frozen=True)
class _Sessions:
    """What requests about upload sessions are answered."""

    sessions: Sessions
    answers: AnswerBook
    access: Access
    public_url: str

    def list_mine(self) -> Response:
        """List sessions; of a very long report, the beginning and how long it is."""
        caller, wanted = signed_in(self.access), page()
        count, found = self.sessions.list_owned(caller, skip=wanted.offset, limit=wanted.limit)
        results, url = (
            [self._shown(each) for each in found],
            f"{self.public_url}/api/v1/cases/upload-sessions/",
        )
        return json_response(page_body(wanted, url=url, count=count, results=results))

    def start(self) -> Response:
        """Start an import; `dry_run` tells which item each file would belong to, and starts nothing."""
        caller, asked = signed_in(self.access), body(schemas.NewSession())
        uploads = [schemas.identifier_in(reference) for reference in asked.pop("uploads")]
        if asked["archive_item"]:
            asked["archive_item"] = schemas.identifier_in(asked["archive_item"])
        is_dry_run = asked.pop("dry_run")
        wanted = WantedTarget(**asked)
        if is_dry_run:
            preview = self.sessions.preview(caller, bearer_token(), uploads=uploads, wanted=wanted)
            return json_response({"files": [schemas.show_placement(*each) for each in preview]})

        def act(_: str) -> Acted:
            started = self.sessions.start(caller, bearer_token(), uploads=uploads, wanted=wanted)
            return 201, self._shown(started)

        return posted(self.answers, caller.account, act)

    def show(self, pk: str) -> Response:
        """Show a session with its whole report."""
        session = self.sessions.owned(signed_in(self.access), pk)
        report = self.sessions.report(session)
        return json_response(schemas.show_session(session, report, public_url=self.public_url))

    def cancel(self, pk: str) -> Response:
        """End an import that waits or runs."""
        return self._changed(pk, self.sessions.cancel)

    def retry(self, pk: str) -> Response:
        """Try an import again that failed or was cancelled."""
        return self._changed(pk, lambda caller, pk: self.sessions.retry(caller, bearer_token(), pk))

    def _changed(self, pk: str, change: Callable[[Caller, str], UploadSession]) -> Response:
        caller = signed_in(self.access)
        self.sessions.owned(caller, pk)
        return posted(self.answers, caller.account, lambda _: (200, self._shown(change(caller, pk))))

    def _shown(self, session: UploadSession) -> dict[str, Any]:
        return schemas.show_session(session, public_url=self.public_url)
