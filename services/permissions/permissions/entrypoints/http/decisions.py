"""The internal calls other services make; never routed from outside, and useless without a service token."""

from flask import Blueprint, Response

from archive_shared.http import service_tokens
from archive_shared.http.app import json_response
from archive_shared.http.requests import body
from permissions.entrypoints.http import schemas
from permissions.use_cases.change_members import make_first_editor
from permissions.use_cases.decide import decide, usable_archives
from permissions.use_cases.directory import Directory


def decisions_blueprint(directory: Directory, *, secret: bytes) -> Blueprint:
    """Routes for services."""
    routes = Blueprint("decisions", __name__, url_prefix="/internal/v1")

    @routes.before_request
    def services_only() -> None:
        service_tokens.require(secret)

    @routes.post("/decisions/")
    def answer() -> Response:
        asked = body(schemas.Decisions())
        user = directory.identify(asked["token"])
        allowed = decide(directory, user, asked["questions"])
        return json_response({"caller": schemas.show_caller(user), "allowed": allowed})

    @routes.post("/decisions-about-users/")
    def answer_about_user() -> Response:
        """Decide for somebody in whose name a service acts later, without their token: the owner of a webhook."""
        asked = body(schemas.DecisionsAboutUser())
        user = directory.users.get(asked["user"])
        allowed = decide(directory, user, asked["questions"])
        return json_response({"caller": schemas.show_caller(user), "allowed": allowed})

    @routes.post("/usable-archives/")
    def usable() -> Response:
        user = directory.identify(body(schemas.UsableArchives())["token"])
        everything = user is not None and user.administrator
        archives = usable_archives(directory, user)
        return json_response(
            {"caller": schemas.show_caller(user), "archives": archives, "everything": everything}
        )

    @routes.post("/first-editors/")
    def first_editor() -> Response:
        make_first_editor(directory, **body(schemas.FirstEditor()))
        return json_response({})

    return routes
