"""Organisations over HTTP."""

from functools import partial

from flask import Blueprint, Response, request

from archive_shared.http.app import json_response
from archive_shared.http.posting import Acted, posted
from archive_shared.http.requests import body
from permissions.entrypoints.http import schemas
from permissions.entrypoints.http.callers import anybody, caller_of
from permissions.entrypoints.http.paging import answer_page
from permissions.use_cases.directory import Directory
from permissions.use_cases.manage_organisations import (
    change_organisation,
    create_organisation,
    list_organisations,
)


def organisations_blueprint(directory: Directory, *, public_url: str) -> Blueprint:
    """Routes for organisations."""
    routes = Blueprint("organisations", __name__, url_prefix="/api/v1/organisations")

    @routes.get("/")
    def list_all() -> Response:
        """List them by title; `?search=` for beginnings of words of title and slug."""
        anybody(directory)
        found = partial(list_organisations, directory, search=request.args.get("search", ""))
        return answer_page(public_url, found, schemas.show_organisation)

    @routes.post("/")
    def create() -> Response:
        """Create an organisation."""
        caller, sent = caller_of(directory), body(schemas.NewOrganisation())
        slug = sent.pop("slug")

        def act(identifier: str) -> Acted:
            return 201, schemas.show_organisation(
                create_organisation(directory, caller, identifier, slug=slug, about=sent)
            )

        return posted(directory.answers, caller.id, act)

    @routes.get("/<pk>/")
    def show(pk: str) -> Response:
        """Show an organisation."""
        anybody(directory)
        return json_response(schemas.show_organisation(directory.organisations.require(pk)))

    @routes.patch("/<pk>/")
    def change(pk: str) -> Response:
        """Change an organisation; what is not named stays."""
        wanted = body(schemas.ChangedOrganisation())
        changed = change_organisation(directory, caller_of(directory), pk, wanted)
        return json_response(schemas.show_organisation(changed))

    return routes
