"""Publications over HTTP: what they are cited as, written by hand or taken from a record in CSL JSON."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, request
from marshmallow import Schema, ValidationError, fields, pre_load, validate

from archive_api.domain.publication import Publication, from_csl
from archive_api.domain.publications import publication, publication_link
from archive_api.entrypoints.http.fields import Line, Text
from archive_api.entrypoints.http.links import Links
from archive_api.entrypoints.http.posting import posted
from archive_api.entrypoints.http.schemas import PublicationField
from archive_api.entrypoints.http.shapes import Json
from archive_api.use_cases.keep_publications import (
    PublicationText,
    change_publication,
    describe_publication,
    find_publication,
    forget_publication,
    list_publications,
    require_describer,
)
from archive_api.use_cases.library import Library
from archive_api.use_cases.require_creator import require_creator
from archive_shared.clock import to_text
from archive_shared.errors import Invalid
from archive_shared.http.app import json_response
from archive_shared.http.requests import bearer_token, body, page, page_body

_LONGEST_TITLE = 1000
_LONGEST_CITATION = 5000
_MOST_AUTHORS = 500


class PublicationFields(Schema):
    """What may be said of a publication: field by field, or with a record in CSL JSON for the fields that are not sent."""

    identifier = PublicationField()
    title = Line(validate=validate.Length(min=1, max=_LONGEST_TITLE))
    authors = fields.List(
        Line(validate=validate.Length(min=1, max=255)), validate=validate.Length(max=_MOST_AUTHORS)
    )
    year = fields.Integer(strict=True, allow_none=True, validate=validate.Range(min=1000, max=9999))
    journal = Line(validate=validate.Length(max=_LONGEST_TITLE))
    citation = Text(validate=validate.Length(max=_LONGEST_CITATION))
    csl = fields.Raw()

    @pre_load
    def with_record(self, data: Any, **_: Any) -> Any:
        """Take from the record what is not sent beside it; a list of one record is what reference managers export."""
        if not isinstance(data, Mapping) or "csl" not in data:
            return data
        said = {name: value for name, value in data.items() if name != "csl"}
        record = data["csl"]
        match record:
            case [Mapping() as one]:
                return from_csl(one) | said
            case Mapping():
                return from_csl(record) | said
            case _:
                raise ValidationError("Send one record in CSL JSON.", "csl")


def publications_blueprint(library: Library, links: Links) -> Blueprint:
    """Routes for publications."""
    routes = Blueprint("publications", __name__, url_prefix="/api/v1/publications")
    publications = _Publications(library, links)
    routes.get("/")(publications.list_all)
    routes.post("/")(publications.describe)
    routes.get("/<pk>/")(publications.show)
    routes.patch("/<pk>/")(publications.change)
    routes.delete("/<pk>/")(publications.forget)
    return routes


@dataclass(frozen=True)
class _Publications:
    """What those who look at publications, and those who describe them, are answered."""

    library: Library
    links: Links

    def list_all(self) -> Response:
        """List what is described, the oldest first; `?identifier=` for one."""
        wanted, identifier = page(), request.args.get("identifier")
        count, found = list_publications(
            self.library,
            bearer_token(),
            identifier=None if identifier is None else publication(identifier) or identifier,
            skip=wanted.offset,
            limit=wanted.limit,
        )
        results = [self._shown(each) for each in found]
        return json_response(page_body(wanted, url=self.links.publications, count=count, results=results))

    def show(self, pk: str) -> Response:
        """Show what is known of a publication."""
        return json_response(self._shown(find_publication(self.library, bearer_token(), pk)))

    def describe(self) -> Response:
        """Describe a publication that nobody described yet."""
        caller = require_creator(self.library, bearer_token())
        sent = body(PublicationFields())
        missing = {"identifier", "title"} - sent.keys()
        if missing:
            raise Invalid({name: ["Missing data for required field."] for name in missing})
        identifier = sent.pop("identifier")

        def act(_: str) -> tuple[int, Json]:
            made = describe_publication(self.library, caller, identifier, PublicationText(**sent))
            return 201, self._shown(made)

        return posted(self.library, caller.account, act)

    def change(self, pk: str) -> Response:
        """Change what is named; the identifier stays."""
        present = require_describer(self.library, bearer_token(), pk)
        sent = body(PublicationFields())
        if sent.pop("identifier", present.identifier) != present.identifier:
            raise Invalid({"identifier": ["It stays; describe the other publication instead."]})
        kept = {name: getattr(present, name) for name in PublicationText.__dataclass_fields__}
        changed = change_publication(self.library, present, PublicationText(**kept | sent))
        return json_response(self._shown(changed))

    def forget(self, pk: str) -> Response:
        """Remove a description; archives go on to refer to the publication."""
        forget_publication(self.library, require_describer(self.library, bearer_token(), pk))
        return Response(status=204)

    def _shown(self, found: Publication) -> Json:
        return {
            "pk": found.id,
            **show_publication(found.identifier, found),
            "created": to_text(found.created_at),
            "modified": to_text(found.modified_at),
            "api_url": f"{self.links.publications}{found.id}/",
        }


def show_publication(identifier: str, found: Publication | None) -> Json:
    """Return a publication as archives show it; of one that is not described there is only its identifier."""
    return {
        "identifier": identifier,
        "url": publication_link(identifier),
        "title": found.title if found else "",
        "authors": found.authors if found else [],
        "year": found.year if found else None,
        "journal": found.journal if found else "",
        "citation": found.cited if found else "",
    }
