"""Reads on in an ordered list that several conditions lead to, each out of an index of its own; a page costs its size.

A database asked for several archives at once, in order of age, collects and sorts everything in them. Each archive by itself
comes in order, so what is read of each is put together here.
"""

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Generic, TypeVar

from archive_api.use_cases.paging import Paging, Place
from archive_shared.documents import Repository, Where, at_least, less_than, more_than, one_of
from archive_shared.documents.aggregate import Aggregate
from archive_shared.documents.port import Sort

A = TypeVar("A", bound=Aggregate)

MOST_MERGED = 100
"""Archives that are read one by one; of more, the database collects and sorts what is in them."""

_FEWEST_AT_ONCE = 10


@dataclass(frozen=True)
class Order(Generic[A]):
    """By which field a list is ordered; ties are broken by identifier.

    Parameters
    ----------
    field
        Its name in queries. No condition of the list names it, so that where to go on can be asked for.
    value
        What an aggregate has there, text or nothing, which comes first.
    """

    field: str
    value: Callable[[A], str | None]
    descending: bool = False

    @property
    def sort(self) -> Sort:
        return [(self.field, -1 if self.descending else 1)]

    def place(self, aggregate: A) -> Place:
        return self.value(aggregate), aggregate.id

    def key(self, aggregate: A) -> tuple[bool, str, str]:
        """Return what sorts as databases do."""
        value = self.value(aggregate)
        return value is not None, value or "", aggregate.id


def each_of(field: str, values: Iterable[str], further: Where) -> list[Where]:
    """Return a condition for each value of a field, or one for all where they are too many to be read one by one."""
    wanted = sorted(values)
    if len(wanted) > MOST_MERGED:
        return [{**further, field: one_of(wanted)}]
    return [{**further, field: value} for value in wanted]


def read_on(
    repository: Repository[A],
    wheres: Sequence[Where],
    order: Order[A],
    after: Place | None,
    *,
    at_once: int = 500,
) -> Iterator[A]:
    """Yield what meets any of the conditions, in order, from behind a place, each once.

    Parameters
    ----------
    at_once
        How many are likely wanted: so many are read with one query, or some with each of several.
    """
    each = max(at_once // max(len(wheres), 1), _FEWEST_AT_ONCE)
    walks = (_walk(repository, where, order, after, limit=each) for where in wheres)
    last = None
    for found in heapq.merge(*walks, key=order.key, reverse=order.descending):
        if found.id != last:
            yield found
        last = found.id


def read_page(
    repository: Repository[A], wheres: Sequence[Where], order: Order[A], after: Place | None, *, limit: int
) -> list[A]:
    """Return the first of what `read_on` yields."""
    return list(islice(read_on(repository, wheres, order, after, at_once=limit), limit))


def read_at(
    repository: Repository[A],
    wheres: Sequence[Where],
    order: Order[A],
    paging: Paging,
    key: str,
    *,
    skip: int,
    limit: int,
) -> list[A]:
    """Return a page and one more, from behind so many; who reads from end to end pays for each page once.

    Parameters
    ----------
    key
        Which list it is, for where its pages end to be remembered.
    """
    place = paging.bookmark(key, skip) if skip else None
    if skip and place is None:
        found = repository.find(wheres, sort=order.sort, skip=skip, limit=limit + 1)
    else:
        found = read_page(repository, wheres, order, place, limit=limit + 1)
    if len(found) > limit:
        paging.keep_bookmark(key, skip + limit, order.place(found[limit - 1]))
    return found


def _walk(
    repository: Repository[A], where: Where, order: Order[A], after: Place | None, *, limit: int
) -> Iterator[A]:
    """Yield what one query finds, so many at a time."""
    while found := _behind(repository, where, order, after, limit=limit):
        yield from found
        if len(found) < limit:
            return
        after = order.place(found[-1])


def _behind(
    repository: Repository[A], where: Where, order: Order[A], after: Place | None, *, limit: int
) -> list[A]:
    found: list[A] = []
    for bound in _bounds(order, after):
        found += repository.find({**where, **bound}, sort=order.sort, limit=limit - len(found))
        if len(found) == limit:
            break
    return found


def _bounds(order: Order[A], after: Place | None) -> list[Where]:
    """Return what stands behind a place, in order: the rest of what has the same value, then what has others."""
    if after is None:
        return [{}]
    value, identifier = after
    same: Where = {order.field: value, "_id": (less_than if order.descending else more_than)(identifier)}
    if order.descending:
        return [same] if value is None else [same, {order.field: less_than(value)}, {order.field: None}]
    return [same, {order.field: at_least("") if value is None else more_than(value)}]
