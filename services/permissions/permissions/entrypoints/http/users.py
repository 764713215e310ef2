"""Users over HTTP."""

from functools import partial

from flask import Blueprint, Response, request

from archive_shared.http.app import json_response
from archive_shared.http.posting import Acted, posted
from archive_shared.http.requests import body
from permissions.entrypoints.http import schemas
from permissions.entrypoints.http.callers import caller_of
from permissions.entrypoints.http.paging import answer_page
from permissions.use_cases.directory import Directory
from permissions.use_cases.manage_users import (
    UserState,
    change_own_mail,
    change_user,
    create_user,
    find_person,
    list_users,
    show_user,
)
from permissions.use_cases.sign_in import change_password


def users_blueprint(directory: Directory, *, public_url: str) -> Blueprint:
    """Routes for users."""
    routes = Blueprint("users", __name__, url_prefix="/api/v1/users")

    @routes.get("/")
    def list_all() -> Response:
        everybody = partial(list_users, directory, caller_of(directory))
        return answer_page(public_url, everybody, schemas.show_user)

    @routes.post("/")
    def create() -> Response:
        caller, sent = caller_of(directory), body(schemas.NewUser())

        def act(identifier: str) -> Acted:
            return 201, schemas.show_user(create_user(directory, caller, identifier, **sent))

        return posted(directory.answers, caller.id, act)

    @routes.get("/find/")
    def find() -> Response:
        """Find the one person with exactly this username or e-mail address."""
        found = find_person(directory, caller_of(directory), name=request.args.get("name", ""))
        return json_response({"results": [schemas.show_person(user.person) for user in found]})

    @routes.get("/me/")
    def me() -> Response:
        return json_response(schemas.show_user(caller_of(directory).user))

    @routes.patch("/me/")
    def change_me() -> Response:
        user = change_own_mail(directory, caller_of(directory), **body(schemas.OwnMail()))
        return json_response(schemas.show_user(user))

    @routes.get("/<pk>/")
    def show(pk: str) -> Response:
        return json_response(schemas.show_user(show_user(directory, caller_of(directory), pk)))

    @routes.patch("/<pk>/")
    def change(pk: str) -> Response:
        wanted = UserState(**body(schemas.ChangedUser()))
        return json_response(schemas.show_user(change_user(directory, caller_of(directory), pk, wanted)))

    @routes.put("/<pk>/password/")
    def password(pk: str) -> Response:
        change_password(directory, caller_of(directory), pk, **body(schemas.NewPassword()))
        return Response(status=204)

    return routes
