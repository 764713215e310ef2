"""Modalities and body structures over HTTP: for everybody, also without a token, since archives' cards show them."""

from dataclasses import dataclass

from flask import Blueprint, Response
from marshmallow import Schema, validate

from archive_api.domain.vocabulary import LONGEST_NAME, Term, TermKind
from archive_api.entrypoints.http.fields import Line, Text
from archive_api.entrypoints.http.links import Links
from archive_api.entrypoints.http.posting import posted
from archive_api.entrypoints.http.shapes import Json
from archive_api.use_cases.create_socket import require_administrator
from archive_api.use_cases.keep_terms import add_term, describe_term, find_term, list_terms, remove_term
from archive_api.use_cases.library import Library
from archive_shared.http.app import json_response
from archive_shared.http.requests import bearer_token, body, page, page_body

_LONGEST_DESCRIPTION = 1000


class TermChange(Schema):
    """What may be said of a term later."""

    description = Text(load_default="", validate=validate.Length(max=_LONGEST_DESCRIPTION))


class NewTerm(TermChange):
    """A modality to be added."""

    name = Line(required=True, validate=validate.Length(min=1, max=LONGEST_NAME))


class StructureChange(TermChange):
    """What may be said of a structure later."""

    region = Line(required=True, validate=validate.Length(min=1, max=LONGEST_NAME))


class NewStructure(StructureChange, NewTerm):
    """A structure to be added, with the part of the body it is in."""


SCHEMAS: dict[TermKind, tuple[type[Schema], type[Schema]]] = {
    TermKind.MODALITY: (NewTerm, TermChange),
    TermKind.STRUCTURE: (NewStructure, StructureChange),
}
"""What is sent to add a term of a kind, and to change one."""


def terms_blueprint(library: Library, links: Links, kind: TermKind) -> Blueprint:
    """Routes for the terms of a kind."""
    routes = Blueprint(kind.value, __name__, url_prefix=f"/api/v1/{kind.value}")
    terms = _Terms(library, links, kind)
    routes.get("/")(terms.list_all)
    routes.post("/")(terms.add)
    routes.get("/<slug>/")(terms.show)
    routes.patch("/<slug>/")(terms.change)
    routes.delete("/<slug>/")(terms.remove)
    return routes


@dataclass(frozen=True)
class _Terms:
    """What those who look at terms, and those who keep them, are answered."""

    library: Library
    links: Links
    kind: TermKind

    def list_all(self) -> Response:
        """List them by name."""
        wanted, found = page(), list_terms(self.library, self.kind)
        results = [self._shown(term) for term in found[wanted.offset : wanted.offset + wanted.limit]]
        url = self.links.terms(self.kind)
        return json_response(page_body(wanted, url=url, count=len(found), results=results))

    def show(self, slug: str) -> Response:
        """Show one of them."""
        return json_response(self._shown(find_term(self.library, self.kind, slug)))

    def add(self) -> Response:
        """Add one; administrators do."""
        caller = self.library.require_caller(bearer_token())
        require_administrator(self.library, bearer_token())
        new, _ = SCHEMAS[self.kind]
        sent = {"region": "", **body(new())}

        def act(_: str) -> tuple[int, Json]:
            return 201, self._shown(add_term(self.library, self.kind, sent.pop("name"), **sent))

        return posted(self.library, caller.account, act)

    def change(self, slug: str) -> Response:
        """Change what is said of one that was added; its name stays, since archives keep it."""
        require_administrator(self.library, bearer_token())
        present = find_term(self.library, self.kind, slug)
        _, change = SCHEMAS[self.kind]
        sent = {
            "description": present.description,
            "region": present.region,
            **body(change(partial=True)),
        }
        return json_response(self._shown(describe_term(self.library, present, **sent)))

    def remove(self, slug: str) -> Response:
        """Remove one that was added, unless archives are filed under it."""
        require_administrator(self.library, bearer_token())
        remove_term(self.library, find_term(self.library, self.kind, slug))
        return Response(status=204)

    def _shown(self, term: Term) -> Json:
        shown: Json = {
            "slug": term.slug,
            "name": term.name,
            "description": term.description,
            "built_in": term.built_in,
            "api_url": f"{self.links.terms(self.kind)}{term.slug}/",
        }
        return shown | ({"region": term.region} if self.kind is TermKind.STRUCTURE else {})
