"""Links from other services over HTTP: services register them, editors see them."""

from dataclasses import asdict

from flask import Blueprint, Response
from marshmallow import Schema, fields, post_load, validate

from archive_api.domain.service_link import ServiceLink, TargetKind
from archive_api.entrypoints.http.fields import Line
from archive_api.entrypoints.http.shapes import Json
from archive_api.use_cases.library import Library
from archive_api.use_cases.link_services import (
    WantedLink,
    drop_link,
    list_links,
    register_link,
    remove_link,
)
from archive_shared.clock import to_text
from archive_shared.http import service_tokens
from archive_shared.http.app import json_response
from archive_shared.http.requests import bearer_token, body

_SHORT = validate.Length(min=1, max=255)


class LinkFields(Schema):
    """A link that a service registers."""

    reference = Line(required=True, validate=_SHORT)
    kind = Line(required=True, validate=_SHORT)
    title = Line(load_default="", validate=validate.Length(max=255))
    url = fields.Url(load_default="", schemes={"http", "https"})
    target_kind = fields.Enum(TargetKind, by_value=True, required=True)
    target = fields.UUID(required=True)

    @post_load
    def make(self, data: Json, **_: object) -> Json:
        return data | {"target": str(data["target"])}


def service_links_blueprint(library: Library, *, secret: bytes) -> Blueprint:
    """Routes for links; those below `/internal/` are for services, which prove who they are."""
    routes = Blueprint("service_links", __name__)

    @routes.post("/internal/v1/links/")
    def register() -> Response:
        service = service_tokens.require(secret)
        link = register_link(library, service, WantedLink(**body(LinkFields())))
        return json_response(show_link(link), 201)

    @routes.delete("/internal/v1/links/<pk>/")
    def remove(pk: str) -> Response:
        remove_link(library, service_tokens.require(secret), pk)
        return Response(status=204)

    @routes.get("/api/v1/archives/<pk>/links/")
    def list_of_archive(pk: str) -> Response:
        """List what refers to the archive, its items and its versions."""
        found = list_links(library, bearer_token(), pk)
        return json_response({"results": [show_link(link) for link in found]})

    @routes.delete("/api/v1/archives/<pk>/links/<link>/")
    def drop(pk: str, link: str) -> Response:
        """Forget a link of a service that is no more."""
        drop_link(library, bearer_token(), pk, link)
        return Response(status=204)

    return routes


def show_link(link: ServiceLink) -> Json:
    about = asdict(link)
    names = ("service", "reference", "kind", "title", "url", "target", "archive")
    return {
        "pk": link.id,
        **{name: about[name] for name in names},
        "target_kind": link.target_kind.value,
        "created": to_text(link.created_at),
    }
