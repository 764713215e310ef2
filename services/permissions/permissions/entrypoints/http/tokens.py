"""API tokens over HTTP."""

from functools import partial

from flask import Blueprint, Response

from archive_shared.http.posting import Acted, posted
from archive_shared.http.requests import body
from permissions.entrypoints.http import schemas
from permissions.entrypoints.http.callers import caller_of
from permissions.entrypoints.http.paging import answer_page
from permissions.use_cases.directory import Directory
from permissions.use_cases.manage_tokens import Scope, issue_token, list_tokens, revoke_token


def tokens_blueprint(directory: Directory, *, public_url: str) -> Blueprint:
    """Routes for tokens."""
    routes = Blueprint("tokens", __name__, url_prefix="/api/v1/tokens")

    @routes.get("/")
    def list_mine() -> Response:
        """List the tokens of the caller, without their secrets."""
        mine = partial(list_tokens, directory, caller_of(directory))
        return answer_page(public_url, mine, schemas.show_token)

    @routes.post("/")
    def issue() -> Response:
        """Issue a token; its secret is shown this once."""
        caller, wanted = caller_of(directory), body(schemas.NewToken())
        scope = Scope(
            writes=wanted["scope"] == schemas.WRITE, archives=wanted["archives"], expires_at=wanted["expires"]
        )

        def act(_: str) -> Acted:
            issued = issue_token(directory, caller, name=wanted["name"], user=wanted["user"], scope=scope)
            return 201, schemas.show_token(issued.token) | {"token": issued.secret}

        return posted(directory.answers, caller.id, act)

    @routes.delete("/<pk>/")
    def revoke(pk: str) -> Response:
        """Revoke a token."""
        revoke_token(directory, caller_of(directory), pk)
        return Response(status=204)

    return routes
