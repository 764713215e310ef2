"""API tokens over HTTP."""

from flask import Blueprint, Response

from archive_shared.http.app import json_response
from archive_shared.http.requests import body, page, page_body
from permissions.entrypoints.http import schemas
from permissions.entrypoints.http.callers import caller_of
from permissions.use_cases.directory import Directory
from permissions.use_cases.manage_tokens import Scope, issue_token, list_tokens, revoke_token


def tokens_blueprint(directory: Directory, *, public_url: str) -> Blueprint:
    """Routes for tokens."""
    routes = Blueprint("tokens", __name__, url_prefix="/api/v1/tokens")

    @routes.get("/")
    def list_mine() -> Response:
        caller, wanted = caller_of(directory), page()
        count, found = list_tokens(directory, caller, skip=wanted.offset, limit=wanted.limit)
        results = [schemas.show_token(token) for token in found]
        return json_response(
            page_body(wanted, url=f"{public_url}/api/v1/tokens/", count=count, results=results)
        )

    @routes.post("/")
    def issue() -> Response:
        caller, wanted = caller_of(directory), body(schemas.NewToken())
        scope = Scope(
            writes=wanted["scope"] == schemas.WRITE, archives=wanted["archives"], expires_at=wanted["expires"]
        )
        issued = issue_token(directory, caller, name=wanted["name"], user=wanted["user"], scope=scope)
        return json_response(schemas.show_token(issued.token) | {"token": issued.secret}, 201)

    @routes.delete("/<pk>/")
    def revoke(pk: str) -> Response:
        revoke_token(directory, caller_of(directory), pk)
        return Response(status=204)

    return routes
