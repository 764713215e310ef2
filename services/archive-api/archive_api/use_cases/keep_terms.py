"""Keeps the words archives are filed under; everybody sees them, administrators add them."""

from archive_api.domain.slugs import slugify
from archive_api.domain.vocabulary import BUILT_IN, Term, TermKind, term_id
from archive_api.use_cases.library import Library
from archive_shared.documents import one_of
from archive_shared.errors import Conflict, Duplicate, Invalid, NotFound


def list_terms(library: Library, kind: TermKind) -> list[Term]:
    """Return all terms of a kind by name; they are few."""
    added = library.terms.find({"kind": kind.value})
    found = [*(term for term in BUILT_IN.values() if term.kind is kind), *added]
    return sorted(found, key=lambda term: (term.name.casefold(), term.slug))


def find_term(library: Library, kind: TermKind, slug: str) -> Term:
    """Return a term; raise `NotFound` if there is none of this slug."""
    identifier = term_id(kind, slug)
    found = BUILT_IN.get(identifier) or library.terms.get(identifier)
    if found is None:
        raise NotFound(f"{slug} is none of the {kind.value}")
    return found


def add_term(library: Library, kind: TermKind, name: str, *, description: str, region: str) -> Term:
    """Store a new term; raise `Invalid` if its name has nothing for addresses, or is taken."""
    term = Term.named(kind, name, at=library.clock.now())
    term.description, term.region = description, region
    taken = Invalid({"name": [f"There is {term.slug} already."]})
    if not term.slug:
        raise Invalid({"name": ["It needs a letter or a digit."]})
    if term.id in BUILT_IN:
        raise taken
    try:
        return library.terms.add(term)
    except Duplicate as error:
        raise taken from error


def describe_term(library: Library, term: Term, *, description: str, region: str) -> Term:
    """Change what is said of a term; raise `Conflict` for one that came with the platform."""
    _require_added(term)

    def apply(present: Term) -> None:
        present.description, present.region = description, region

    return library.terms.change(term.id, apply)


def remove_term(library: Library, term: Term) -> None:
    """Remove a term; raise `Conflict` while archives are filed under it, or if it came with the platform."""
    _require_added(term)
    archives = library.archives.count({term.kind.value: term.name, "deleted": False})
    if archives:
        raise Conflict(f"{archives} archives are filed under it.")
    library.terms.delete(term.id)


def term_names(library: Library, kind: TermKind, wanted: list[str]) -> list[str]:
    """Return the names of terms that are meant by name or slug, each once; other words stay as they are."""
    meant = {word: term_id(kind, slugify(word)) for word in wanted}
    unknown = sorted(set(meant.values()) - BUILT_IN.keys())
    added = {term.id: term for term in library.terms.find({"_id": one_of(unknown)})} if unknown else {}
    known = {**BUILT_IN, **added}
    names = (known[meant[word]].name if meant[word] in known else word for word in wanted)
    return list(dict.fromkeys(names))


def _require_added(term: Term) -> None:
    if term.built_in:
        raise Conflict("It came with the platform and stays as it is.")
