"""Asking for access to an archive over HTTP, deciding about it, and the rule by which an archive admits people."""

from collections.abc import Callable
from functools import partial

from flask import Blueprint, Response, request

from archive_shared.errors import Invalid
from archive_shared.http.app import json_response
from archive_shared.http.posting import Acted, posted
from archive_shared.http.requests import body
from permissions.domain.identity import Identity
from permissions.domain.request import AccessRequest, Asking, State
from permissions.entrypoints.http import schemas
from permissions.entrypoints.http.callers import caller_of, caller_on
from permissions.entrypoints.http.paging import answer_page
from permissions.use_cases.change_admission import AdmissionChange, change_admission, show_admission
from permissions.use_cases.decide_requests import accept_request, list_requests, reject_request
from permissions.use_cases.directory import Directory
from permissions.use_cases.request_access import (
    list_own_requests,
    own_request,
    request_access,
    withdraw_request,
)


def admission_blueprint(directory: Directory) -> Blueprint:
    """Routes for the rule of an archive."""
    routes = Blueprint("admission", __name__, url_prefix="/api/v1/archives/<archive>/admission")

    @routes.get("/")
    def show(archive: str) -> Response:
        """Show the rule to somebody who has the exact address, and what they asked for last."""
        caller = caller_on(directory, archive)
        asked = own_request(directory, caller, archive)
        shown = schemas.show_admission(show_admission(directory, archive))
        return json_response(shown | {"request": asked and schemas.show_request(asked)})

    @routes.patch("/")
    def change(archive: str) -> Response:
        """Change the rule by which the archive admits people; requests that wait are looked at again."""
        caller, wanted = caller_on(directory, archive), body(schemas.ChangedAdmission())
        changed = change_admission(directory, caller, archive, AdmissionChange(**wanted))
        return json_response(schemas.show_admission(changed))

    return routes


def requests_blueprint(directory: Directory, *, public_url: str) -> Blueprint:
    """Routes for the requests of an archive."""
    routes = Blueprint("requests", __name__, url_prefix="/api/v1/archives/<archive>/requests")

    @routes.get("/")
    def list_all(archive: str) -> Response:
        """List who asks for access, `?state=pending` those who wait for an answer."""
        caller = caller_on(directory, archive)
        asked = partial(list_requests, directory, caller, archive, state=_state())
        return answer_page(public_url, asked, schemas.show_request)

    @routes.post("/")
    def ask(archive: str) -> Response:
        """Ask for access to the archive."""
        caller, sent = caller_on(directory, archive), body(schemas.NewRequest())
        return _posted(caller, 201, lambda: request_access(directory, caller, archive, Asking(**sent)))

    @routes.post("/<pk>/accept/")
    def accept(archive: str, pk: str) -> Response:
        """Accept a request: who asked becomes a user of the archive."""
        caller = caller_on(directory, archive)
        return _posted(caller, 200, lambda: accept_request(directory, caller, archive, pk))

    @routes.post("/<pk>/reject/")
    def reject(archive: str, pk: str) -> Response:
        """Reject a request, with a reason that who asked is told."""
        caller, sent = caller_on(directory, archive), body(schemas.Rejection())
        return _posted(caller, 200, lambda: reject_request(directory, caller, archive, pk, **sent))

    @routes.post("/<pk>/withdraw/")
    def withdraw(archive: str, pk: str) -> Response:
        """Withdraw a request of one's own."""
        caller = caller_on(directory, archive)
        return _posted(caller, 200, lambda: withdraw_request(directory, caller, archive, pk))

    def _posted(caller: Identity, status: int, act: Callable[[], AccessRequest]) -> Response:
        def acted(_: str) -> Acted:
            return status, schemas.show_request(act())

        return posted(directory.answers, caller.id, acted)

    return routes


def own_requests_blueprint(directory: Directory, *, public_url: str) -> Blueprint:
    """Routes for what somebody asked for."""
    routes = Blueprint("own_requests", __name__, url_prefix="/api/v1/access-requests")

    @routes.get("/")
    def list_mine() -> Response:
        """List what the caller asked for, of any archive."""
        mine = partial(list_own_requests, directory, caller_of(directory))
        return answer_page(public_url, mine, schemas.show_request)

    return routes


def _state() -> State | None:
    text = request.args.get("state", "")
    try:
        return State(text) if text else None
    except ValueError as error:
        raise Invalid({"state": [f"Must be one of {', '.join(State)}."]}) from error
