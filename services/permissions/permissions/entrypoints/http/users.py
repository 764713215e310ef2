"""Users and their tokens over HTTP."""

from flask import Blueprint, Response

from archive_shared.http.app import json_response
from archive_shared.http.requests import bearer_token, body, page, page_body
from permissions.entrypoints.http import schemas
from permissions.use_cases.directory import Directory
from permissions.use_cases.manage_tokens import issue_token, list_tokens, revoke_token
from permissions.use_cases.manage_users import create_user, list_users, show_user


def users_blueprint(directory: Directory, *, public_url: str) -> Blueprint:
    """Routes for users."""
    routes = Blueprint("users", __name__, url_prefix="/api/v1/users")

    @routes.get("/")
    def list_all() -> Response:
        caller, wanted = directory.require_user(bearer_token()), page()
        count, found = list_users(directory, caller, skip=wanted.offset, limit=wanted.limit)
        results = [schemas.show_user(user) for user in found]
        return json_response(
            page_body(wanted, url=f"{public_url}/api/v1/users/", count=count, results=results)
        )

    @routes.post("/")
    def create() -> Response:
        caller = directory.require_user(bearer_token())
        user = create_user(directory, caller, **body(schemas.NewUser()))
        return json_response(schemas.show_user(user), 201)

    @routes.get("/me/")
    def me() -> Response:
        return json_response(schemas.show_user(directory.require_user(bearer_token())))

    @routes.get("/<pk>/")
    def show(pk: str) -> Response:
        caller = directory.require_user(bearer_token())
        return json_response(schemas.show_user(show_user(directory, caller, pk)))

    return routes


def tokens_blueprint(directory: Directory, *, public_url: str) -> Blueprint:
    """Routes for tokens."""
    routes = Blueprint("tokens", __name__, url_prefix="/api/v1/tokens")

    @routes.get("/")
    def list_mine() -> Response:
        caller, wanted = directory.require_user(bearer_token()), page()
        count, found = list_tokens(directory, caller, skip=wanted.offset, limit=wanted.limit)
        results = [schemas.show_token(token) for token in found]
        return json_response(
            page_body(wanted, url=f"{public_url}/api/v1/tokens/", count=count, results=results)
        )

    @routes.post("/")
    def issue() -> Response:
        caller = directory.require_user(bearer_token())
        issued = issue_token(directory, caller, **body(schemas.NewToken()))
        return json_response(schemas.show_token(issued.token) | {"token": issued.secret}, 201)

    @routes.delete("/<pk>/")
    def revoke(pk: str) -> Response:
        revoke_token(directory, directory.require_user(bearer_token()), pk)
        return Response(status=204)

    return routes
