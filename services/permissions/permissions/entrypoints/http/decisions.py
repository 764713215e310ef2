"""The internal calls other services make; never routed from outside, and useless without a service token."""

from flask import Blueprint, Response

from archive_shared.http import service_tokens
from archive_shared.http.app import json_response
from archive_shared.http.requests import body
from permissions.entrypoints.http import schemas
from permissions.use_cases.change_members import make_first_editor
from permissions.use_cases.decide import caller, decide, standing_of, usable_archives
from permissions.use_cases.directory import Directory
from permissions.use_cases.identify import identify


def decisions_blueprint(directory: Directory, *, secret: bytes) -> Blueprint:
    """Routes for services."""
    routes = Blueprint("decisions", __name__, url_prefix="/internal/v1")

    @routes.before_request
    def services_only() -> None:
        service_tokens.require(secret)

    @routes.post("/decisions/")
    def answer() -> Response:
        asked = body(schemas.Decisions())
        who = identify(directory, asked["token"])
        allowed = decide(directory, who, asked["questions"])
        return json_response(
            {"caller": schemas.show_caller(caller(who) if who else None), "allowed": allowed}
        )

    @routes.post("/standings/")
    def standing() -> Response:
        who = identify(directory, body(schemas.WhoseToken())["token"])
        return json_response(schemas.show_standing(standing_of(directory, who)))

    @routes.post("/decisions-about-users/")
    def answer_about_user() -> Response:
        """Decide for somebody in whose name a service acts later, without their token: the owner of a webhook."""
        asked = body(schemas.DecisionsAboutUser())
        user = directory.users.get(asked["user"])
        allowed = decide(directory, user, asked["questions"])
        return json_response({"caller": schemas.show_caller(user), "allowed": allowed})

    @routes.post("/usable-archives/")
    def usable() -> Response:
        who = identify(directory, body(schemas.WhoseToken())["token"])
        found = usable_archives(directory, who)
        return json_response(
            {
                "caller": schemas.show_caller(found.caller),
                "archives": sorted(found.archives),
                "everything": found.everything,
            }
        )

    @routes.post("/first-editors/")
    def first_editor() -> Response:
        make_first_editor(directory, **body(schemas.FirstEditor()))
        return json_response({})

    return routes
