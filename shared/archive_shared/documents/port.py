"""The document port: everything a service may ask of its database, small enough to be the same everywhere.

A document is a JSON object with an identifier `_id` and a revision `rev`. It is always written whole,
and only if its revision is still the one that was read (compare-and-set), so no update operator of any
database has to exist twice. Instants are text as written by `archive_shared.clock.to_text`, which sorts.
Text holds no NUL characters, integers fit in 64 bits, a document stays below 2 MB (see `to_json`).
Queries compare declared fields only; an undeclared field is a programming error. Two adapters (MongoDB,
SQLite) pass one contract suite: `tests/contract/documents`. Why: docs/decisions/0001-document-port.md.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

Document = dict[str, Any]
Scalar = str | int | float | bool | None
Ordered = str | int | float
Change = Callable[[Document], Document | None]


@dataclass(frozen=True)
class Comparison:
    """A condition other than equality; build it with the functions below."""

    operator: Literal["lt", "lte", "gt", "gte", "in"]
    value: Any


def less_than(value: Ordered) -> Comparison:
    return Comparison("lt", value)


def at_most(value: Ordered) -> Comparison:
    return Comparison("lte", value)


def more_than(value: Ordered) -> Comparison:
    return Comparison("gt", value)


def at_least(value: Ordered) -> Comparison:
    return Comparison("gte", value)


def one_of(values: Sequence[Scalar]) -> Comparison:
    return Comparison("in", list(values))


Where = Mapping[str, Scalar | Comparison]
"""Conditions by declared field, all of which must hold. `None` matches null and missing alike.

A field is compared with values of its own type; what another type does is not defined."""

Sort = Sequence[tuple[str, Literal[1, -1]]]


@dataclass(frozen=True)
class Collection:
    """What may be asked of a kind of document, declared once.

    Parameters
    ----------
    name
        Name of the collection or table.
    fields
        Dotted path by the name it is queried with; each holds values of one type. `_id` is always there. One path
        may have two names, to be bound from below and from above in one condition.
    lists
        Like `fields`, for paths that hold a list of scalars: a condition holds if any element meets it.
        Not sortable, and `None` cannot be asked for. Documents that have one element, in order of their identifiers,
        cost the size of the answer.
    ordered
        By list, fields: documents that have one element, in order of one of these, cost the size of the answer too, if nothing
        further is asked of them.
    unique
        Groups of fields no two documents may share. A document that lacks one of them (or has null) is free.
    indexes
        Groups of fields that are searched or sorted together; each makes its query cost the size of
        its answer instead of the size of the collection.
    """

    name: str
    fields: Mapping[str, str] = field(default_factory=dict)
    lists: Mapping[str, str] = field(default_factory=dict)
    ordered: Mapping[str, Sequence[str]] = field(default_factory=dict)
    unique: Sequence[tuple[str, ...]] = ()
    indexes: Sequence[tuple[str, ...]] = ()


class Documents(Protocol):
    """One service's database. Thread-safe, not fork-safe: build it in the process that uses it.

    Every method is one round trip unless it says otherwise, and raises `Unavailable` when the database
    does not answer. A write whose answer was lost is settled by looking: it raises only if it did not
    happen, or if the database stays silent.
    """

    def put_new(self, collection: str, document: Document) -> Document:
        """Store a document that must not exist yet, as revision 1, and return it as `get` would.

        Raises
        ------
        Duplicate
            The identifier or a unique group is taken.
        """
        ...

    def get(self, collection: str, identifier: str) -> Document | None: ...

    def save(self, collection: str, document: Document) -> Document:
        """Replace a document if it still has the revision given, and return it with the next one.

        Raises
        ------
        Stale
            It has another revision by now, or is gone.
        Duplicate
            A unique group is taken.
        """
        ...

    def save_each(self, collection: str, documents: Sequence[Document]) -> list[str]:
        """Replace several documents, each by itself, only if it still has the revision given.

        Costs one round trip, and one wait for the disk, however many they are. Returns the identifiers of those that
        were not replaced, because they have another revision by now or are gone.

        Raises
        ------
        Duplicate
            A unique group is taken; others may have been replaced.
        """
        ...

    def mutate(self, collection: str, identifier: str, change: Change) -> Document | None:
        """Read, change, save; again from the start when somebody was faster.

        `change` may run several times, so it must not have effects of its own. When it returns None
        nothing is written and None is returned, as when there is no such document.

        Raises
        ------
        Stale
            Others were faster for many attempts in a row.
        """
        ...

    def find(
        self,
        collection: str,
        where: Where | Sequence[Where] = (),
        *,
        sort: Sort = (),
        skip: int = 0,
        limit: int | None = None,
    ) -> list[Document]:
        """Return the documents that meet the conditions, or any one of several sets of conditions.

        The order is total: ties are broken by `_id`. Null and missing sort before everything else.
        """
        ...

    def identifiers(self, collection: str, where: Where | Sequence[Where] = ()) -> list[str]:
        """Return the identifiers of the documents that meet the conditions, in order, without reading them whole."""
        ...

    def count(self, collection: str, where: Where | Sequence[Where] = (), *, limit: int | None = None) -> int:
        """Count the documents that meet the conditions, no further than `limit`; costs what is counted."""
        ...

    def delete(self, collection: str, identifier: str, *, rev: int | None = None) -> bool:
        """Remove a document (only if it has this revision, when given); tell whether it was there."""
        ...

    def ping(self) -> None:
        """Do the least that proves the database answers."""
        ...

    def close(self) -> None:
        """Give connections back; the object is of no use afterwards."""
        ...


class UndeclaredField(LookupError):
    """A query names a field its collection does not declare."""
