"""Members of an archive over HTTP; editors only."""

from flask import Blueprint, Response

from archive_shared.errors import Invalid
from archive_shared.http.app import json_response
from archive_shared.http.posting import Acted, posted
from archive_shared.http.requests import body
from permissions.domain.role import Role
from permissions.entrypoints.http import schemas
from permissions.entrypoints.http.callers import caller_on
from permissions.use_cases.change_members import grant, list_members, revoke
from permissions.use_cases.directory import Directory


def members_blueprint(directory: Directory) -> Blueprint:
    """Routes for the members of an archive."""
    routes = Blueprint("members", __name__, url_prefix="/api/v1/archives/<archive>/members")

    @routes.get("/")
    def list_all(archive: str) -> Response:
        """List who has which roles on the archive."""
        found = list_members(directory, caller_on(directory, archive), archive)
        results = [schemas.show_member(user, roles) for user, roles in found]
        return json_response({"count": len(results), "next": None, "previous": None, "results": results})

    @routes.post("/")
    def add(archive: str) -> Response:
        """Give somebody a role on the archive."""
        caller, wanted = caller_on(directory, archive), body(schemas.NewMember())

        def act(_: str) -> Acted:
            user = grant(directory, caller, archive, username=wanted["user"], role=wanted["role"])
            return 201, schemas.show_member(user, directory.rosters.require(archive).of(user.id))

        return posted(directory.answers, caller.id, act)

    @routes.delete("/<user>/<role>/")
    def remove(archive: str, user: str, role: str) -> Response:
        """Take a role away; the last editor stays."""
        revoke(directory, caller_on(directory, archive), archive, user=user, role=_role(role))
        return Response(status=204)

    return routes


def _role(text: str) -> Role:
    try:
        return Role(text)
    except ValueError as error:
        raise Invalid({"role": [f"Must be one of {', '.join(Role)}."]}) from error
