"""A publication archives refer to, by its identifier, with what it is cited as."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from archive_api.domain.history import Actor
from archive_api.domain.publications import publication, publication_link
from archive_shared.documents import Aggregate, Collection
from archive_shared.identifiers import derived_id

_MOST_NAMED = 3
_DATES = ("issued", "published-print", "published-online", "published")


@dataclass(kw_only=True)
class Publication(Aggregate):
    """What is known of a publication.

    Parameters
    ----------
    identifier
        Its DOI, arXiv or PubMed number in its one spelling; the identifier of the document follows from it.
    authors
        Their names as they are to be read, in order.
    year
        None for unknown.
    journal
        What it appeared in, "" for unknown.
    citation
        How it is to be cited, "" to let that follow from the rest.
    creator
        May change it, as administrators may.
    """

    identifier: str
    title: str
    authors: list[str] = field(default_factory=list)
    year: int | None = None
    journal: str = ""
    citation: str = ""
    creator: Actor
    created_at: datetime
    modified_at: datetime

    @property
    def cited(self) -> str:
        """Return how it is cited: as somebody wrote, or from authors, year, title, journal and address."""
        if self.citation:
            return self.citation
        year = f" ({self.year})" if self.year is not None else ""
        parts = (f"{_names(self.authors)}{year}".strip(), self.title, self.journal)
        said = ". ".join(part.rstrip(".") for part in parts if part)
        return f"{said}. {publication_link(self.identifier)}"


PUBLICATIONS = Collection(
    "publications", fields={"created_at": "created_at"}, indexes=[("created_at", "_id")]
)


def publication_id(identifier: str) -> str:
    """Return the identifier of the document about a publication."""
    return derived_id("publication", identifier)


def from_csl(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a record in CSL JSON says that we keep: what it does not say, or says in an odd way, is left out."""
    names = (_author(each) for each in _list(record.get("author")))
    said = {
        "identifier": _identifier(record),
        "title": _text(record.get("title")),
        "authors": [name for name in names if name],
        "year": _year(record),
        "journal": _text(record.get("container-title")),
    }
    return {name: value for name, value in said.items() if value}


def _names(authors: list[str]) -> str:
    if len(authors) <= _MOST_NAMED:
        return ", ".join(authors)
    return f"{authors[0]} et al."


def _identifier(record: Mapping[str, Any]) -> str | None:
    """Return the first of its identifiers that is one: CSL has fields of their own, and addresses of preprints."""
    pmid = _text(record.get("PMID"))
    written = (_text(record.get("DOI")), f"pmid:{pmid}" if pmid else "", _text(record.get("URL")))
    return next((found for each in written if (found := publication(each))), None)


def _author(said: Any) -> str:
    if not isinstance(said, Mapping):
        return ""
    parts = (_text(said.get(part)) for part in ("given", "non-dropping-particle", "family"))
    return " ".join(part for part in parts if part) or _text(said.get("literal"))


def _year(record: Mapping[str, Any]) -> int | None:
    for name in _DATES:
        said = record.get(name)
        dates = _list(said.get("date-parts")) if isinstance(said, Mapping) else []
        first = _list(dates[0])[:1] if dates else []
        if first and str(first[0]).isdecimal():
            return int(first[0])
    return None


def _list(said: Any) -> list[Any]:
    return said if isinstance(said, list) else []


def _text(said: Any) -> str:
    """Return text, or the first of several, which some write."""
    first = said[0] if isinstance(said, list) and said else said
    return str(first).strip() if isinstance(first, str | int) and not isinstance(first, bool) else ""
