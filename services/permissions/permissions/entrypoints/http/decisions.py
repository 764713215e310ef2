"""The internal calls other services make; never routed from outside, and useless without a service token."""

from flask import Blueprint, Response

from archive_shared.access import Question
from archive_shared.http import service_tokens
from archive_shared.http.app import json_response
from archive_shared.http.requests import body
from permissions.domain.identity import Identity
from permissions.entrypoints.http import schemas
from permissions.use_cases.change_members import make_first_editor
from permissions.use_cases.decide import caller, decide, standing_of, usable_archives
from permissions.use_cases.directory import Directory
from permissions.use_cases.identify import identify, identify_user

_QUESTIONS, _TOKEN = schemas.Decisions(), schemas.WhoseToken()  # made once: every service asks these all day


def decisions_blueprint(directory: Directory, *, secret: bytes) -> Blueprint:
    """Routes for services."""
    routes = Blueprint("decisions", __name__, url_prefix="/internal/v1")

    @routes.before_request
    def services_only() -> None:
        service_tokens.require(secret)

    @routes.post("/decisions/")
    def answer() -> Response:
        asked = body(_QUESTIONS)
        return _answer(directory, identify(directory, asked["token"]), asked["questions"])

    @routes.post("/standings/")
    def standing() -> Response:
        who = identify(directory, body(_TOKEN)["token"])
        return json_response(schemas.show_standing(standing_of(directory, who)))

    @routes.post("/decisions-about-users/")
    def answer_about_user() -> Response:
        """Decide for somebody in whose name a service acts later, without their token: the owner of a webhook."""
        asked = body(schemas.DecisionsAboutUser())
        return _answer(directory, identify_user(directory, asked["user"]), asked["questions"])

    @routes.post("/usable-archives/")
    def usable() -> Response:
        who = identify(directory, body(_TOKEN)["token"])
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


def _answer(directory: Directory, who: Identity | None, questions: list[Question]) -> Response:
    shown = schemas.show_caller(caller(who) if who else None)
    return json_response({"caller": shown, "allowed": decide(directory, who, questions)})
