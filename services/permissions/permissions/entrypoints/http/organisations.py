"""Organisations over HTTP."""

from flask import Blueprint, Response

from archive_shared.http.app import json_response
from archive_shared.http.requests import body, page, page_body
from permissions.entrypoints.http import schemas
from permissions.entrypoints.http.callers import caller_of
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
        caller_of(directory)
        wanted = page()
        count, found = list_organisations(directory, skip=wanted.offset, limit=wanted.limit)
        results = [schemas.show_organisation(each) for each in found]
        url = f"{public_url}/api/v1/organisations/"
        return json_response(page_body(wanted, url=url, count=count, results=results))

    @routes.post("/")
    def create() -> Response:
        made = create_organisation(directory, caller_of(directory), **body(schemas.NewOrganisation()))
        return json_response(schemas.show_organisation(made), 201)

    @routes.get("/<pk>/")
    def show(pk: str) -> Response:
        caller_of(directory)
        return json_response(schemas.show_organisation(directory.organisations.require(pk)))

    @routes.patch("/<pk>/")
    def change(pk: str) -> Response:
        wanted = body(schemas.ChangedOrganisation())
        changed = change_organisation(directory, caller_of(directory), pk, **wanted)
        return json_response(schemas.show_organisation(changed))

    return routes
