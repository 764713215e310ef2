"""Keeps what is known of publications. Everybody who is signed in sees them; who may create archives describes them.

Archives refer to publications by their identifiers, described or not: so nothing breaks when a description goes.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from archive_api.domain.archive import Archive
from archive_api.domain.history import Actor
from archive_api.domain.publication import Publication, publication_id
from archive_api.use_cases.library import Library
from archive_api.use_cases.require_creator import require_maker_of
from archive_shared.access import Caller
from archive_shared.documents import one_of
from archive_shared.errors import Duplicate, Invalid, NotFound


@dataclass(frozen=True, kw_only=True)
class PublicationText:
    """What somebody says of a publication; see `Publication`."""

    title: str
    authors: list[str] = field(default_factory=list)
    year: int | None = None
    journal: str = ""
    citation: str = ""


def list_publications(
    library: Library, token: str | None, *, identifier: str | None, skip: int, limit: int
) -> tuple[int, list[Publication]]:
    """Return how many are described, and a page of them, the oldest first; one if an identifier is given."""
    library.require_caller(token)
    where = {} if identifier is None else {"_id": publication_id(identifier)}
    found = library.publications.find(where, sort=[("created_at", 1)], skip=skip, limit=limit)
    return library.publications.count(where), found


def find_publication(library: Library, token: str | None, pk: str) -> Publication:
    """Return what is known of a publication; raise `Unauthenticated` or `NotFound`."""
    library.require_caller(token)
    found = library.publications.get(pk)
    if found is None:
        raise NotFound(f"publication {pk} does not exist")
    return found


def describe_publication(
    library: Library, caller: Caller, identifier: str, said: PublicationText
) -> Publication:
    """Store what somebody says of a publication; raise `Invalid` if it is described already."""
    now = library.clock.now()
    try:
        return library.publications.add(
            Publication(
                id=publication_id(identifier),
                identifier=identifier,
                creator=Actor.of(caller),
                created_at=now,
                modified_at=now,
                **vars(said),
            )
        )
    except Duplicate as error:
        raise Invalid({"identifier": [f"{identifier} is described already."]}) from error


def require_describer(library: Library, token: str | None, pk: str) -> Publication:
    """Return a publication whose description the caller may change; raise like `find_publication`, and `Forbidden`."""
    found = find_publication(library, token, pk)
    require_maker_of(library, token, found.creator.id)
    return found


def change_publication(library: Library, present: Publication, said: PublicationText) -> Publication:
    """Replace what is said of a publication."""
    now = library.clock.now()

    def apply(publication: Publication) -> None:
        for name, value in vars(said).items():
            setattr(publication, name, value)
        publication.modified_at = now

    return library.publications.change(present.id, apply)


def forget_publication(library: Library, present: Publication) -> None:
    """Remove the description of a publication; archives go on to refer to it by its identifier."""
    library.publications.delete(present.id)


def publications_of(library: Library, archives: Iterable[Archive]) -> Mapping[str, Publication]:
    """Return what is known of the publications of archives, by their identifiers; one search, none without any."""
    named = {each for archive in archives for each in archive.settings.publications}
    wanted = sorted(map(publication_id, named))
    found = library.publications.find({"_id": one_of(wanted)}) if wanted else []
    return {each.identifier: each for each in found}
