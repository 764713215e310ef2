"""Creates, shows and changes organisations; administrators do, everybody who is signed in sees them."""

from collections.abc import Mapping, Sequence

from archive_shared.documents import one_of
from archive_shared.errors import Duplicate, Invalid
from permissions.domain.identity import Identity
from permissions.domain.organisation import Organisation, checked_slug, words_of
from permissions.use_cases.authority import require_administrator
from permissions.use_cases.directory import Directory


def create_organisation(
    directory: Directory, caller: Identity, identifier: str, *, slug: str, about: Mapping[str, str]
) -> Organisation:
    """Add an organisation; raise `Invalid` when its slug is taken or not allowed. The same again is the same one.

    Parameters
    ----------
    about
        What `Organisation.describe` takes; the title must be in it.
    """
    require_administrator(directory, caller, "create organisations")
    present = directory.organisations.get(identifier)
    if present is not None:
        return present
    now = directory.clock.now()
    made = Organisation(id=identifier, slug=checked_slug(slug), title="", created_at=now)
    made.describe(about)
    made.note("organisation.created", by=caller.person, at=now, organisation=made.id, slug=slug)
    try:
        return directory.organisations.add(made)
    except Duplicate as error:
        raise Invalid({"slug": [f"There is an organisation {slug} already."]}) from error


def list_organisations(
    directory: Directory, *, search: str, skip: int, limit: int
) -> tuple[int, list[Organisation]]:
    """Return how many there are, and a page of them by title; with words to search for it costs the size of the list."""
    words = set(words_of(search))
    if not words:
        found = directory.organisations.find(sort=[("title", 1)], skip=skip, limit=limit)
        return directory.organisations.count(), found
    matching = [each for each in directory.organisations.find(sort=[("title", 1)]) if each.matches(words)]
    return len(matching), matching[skip : skip + limit]


def change_organisation(
    directory: Directory, caller: Identity, identifier: str, about: Mapping[str, str]
) -> Organisation:
    """Change fields of an organisation; those not named stay."""
    require_administrator(directory, caller, "change organisations")
    now = directory.clock.now()

    def apply(organisation: Organisation) -> None:
        organisation.describe(about)
        organisation.note("organisation.changed", by=caller.person, at=now, organisation=identifier)

    return directory.organisations.change(identifier, apply)


def check_organisations(directory: Directory, wanted: Sequence[str]) -> None:
    """Raise `Invalid` unless there are all of these."""
    known = set(directory.organisations.identifiers({"_id": one_of(list(wanted))})) if wanted else set()
    if set(wanted) - known:
        raise Invalid({"organisations": ["There is no such organisation."]})
