"""Finds items by words, values and metadata; a page costs its own size at a million items.

One condition leads: its entries come in order out of an index, a few at a time. Each item they lead to is compared with
all conditions, as it is now. So a page costs what is looked at to fill it; at most `MOST_LOOKED_AT`, after which it
ends early and says where to go on.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from archive_api.domain.item import Item
from archive_api.domain.search_entry import Findable, scoped, word_term
from archive_api.domain.words import words
from archive_api.use_cases.index_item import findable_of
from archive_api.use_cases.library import Library
from archive_shared.documents import Where, at_least, at_most, less_than, more_than, one_of
from archive_shared.documents.port import Comparison, Scalar

MOST_LOOKED_AT = 5000
_BATCH = 200


@dataclass(frozen=True)
class HasTerm:
    """The item has one of these terms."""

    terms: tuple[str, ...]

    def holds(self, found: Findable) -> bool:
        return bool(found.terms & set(self.terms))


@dataclass(frozen=True)
class InRange:
    """A number of the item lies between two bounds, one of several if it has several; None for no bound."""

    key: str
    low: float | None = None
    high: float | None = None
    low_included: bool = True
    high_included: bool = True

    def holds(self, found: Findable) -> bool:
        return self.shown_at(found) is not None

    def shown_at(self, found: Findable, *, descending: bool = False) -> float | None:
        """Return the first number of the item that lies between: where a walk by number shows it, once."""
        numbers = [
            each for each in found.numbers.get(self.key, ()) if self._above(each) and self._below(each)
        ]
        return (max if descending else min)(numbers, default=None)

    def _above(self, number: float) -> bool:
        return self.low is None or number > self.low or (self.low_included and number == self.low)

    def _below(self, number: float) -> bool:
        return self.high is None or number < self.high or (self.high_included and number == self.high)


Condition = HasTerm | InRange


@dataclass(frozen=True)
class ByNumber:
    """Order by a number items have, under the key it is found by."""

    key: str
    descending: bool = False

    def leading(self, conditions: Sequence[Condition]) -> InRange:
        """Return the range of these numbers that is walked through: what is asked of them, else all."""
        asked = (each for each in conditions if isinstance(each, InRange) and each.key == self.key)
        return next(asked, InRange(self.key))


@dataclass(frozen=True)
class Position:
    """Where a search goes on: behind the entry with this identifier, and for ranges with this number."""

    identifier: str
    number: float | None = None


@dataclass(frozen=True)
class Found:
    """A page of items, and where the next one begins; None when there is no more."""

    items: Sequence[Item]
    following: Position | None


@dataclass(frozen=True)
class _Walk:
    """Which condition leads, and in which direction."""

    leading: Condition
    descending: bool

    def shows(self, found: Findable, position: Position) -> bool:
        """Tell whether an item is shown where a walk met it; one with several numbers is met several times."""
        if isinstance(self.leading, HasTerm):
            return True
        return position.number == self.leading.shown_at(found, descending=self.descending)


def search_conditions(text: str) -> list[Condition]:
    """Return the conditions of a full-text search: every word must occur."""
    return [HasTerm((word_term(word),)) for word in words(text)]


def search_items(
    library: Library,
    archive: str,
    conditions: Sequence[Condition],
    *,
    after: Position | None,
    limit: int,
    order: ByNumber | None = None,
) -> Found:
    """Return items of an archive that meet all conditions: in the order that is wanted, in which those without a number are not;
    else oldest first, or by their number when a range leads.

    Who may see them is the caller's business.
    """
    leading = _leading(conditions) if order is None else order.leading(conditions)
    descending = order is not None and order.descending
    if leading not in conditions:
        conditions = [*conditions, leading]
    walk = (
        _by_terms(library, archive, leading, after)
        if isinstance(leading, HasTerm)
        else _by_number(library, archive, leading, after, descending=descending)
    )
    goes = _Walk(leading, descending)
    found: list[tuple[Position, Item]] = []
    looked_at, last = 0, after
    # Looks of growing size: where the leading condition is nearly all that is asked, a page costs little more than itself.
    while batch := list(islice(walk, min(looked_at + limit + 1, _BATCH))):
        looked_at, last = looked_at + len(batch), batch[-1][0]
        found += _matching(library, archive, conditions, goes, batch)
        if len(found) > limit:
            return Found([item for _, item in found[:limit]], found[limit - 1][0])
        if looked_at >= MOST_LOOKED_AT:
            return Found([item for _, item in found], last)
    return Found([item for _, item in found], None)


def _leading(conditions: Sequence[Condition]) -> Condition:
    """Return the condition that is likely to leave the fewest items: exact values, then long words, then ranges."""

    def rank(condition: Condition) -> tuple[int, int]:
        if isinstance(condition, InRange):
            return 2, 0
        is_word = condition.terms[0].startswith("w|")
        return int(is_word), -len(condition.terms[0])

    return min(conditions, key=rank)


def _by_terms(
    library: Library, archive: str, leading: HasTerm, after: Position | None
) -> Iterator[tuple[Position, str]]:
    """Walk over entries that have any of the terms, in order of age, each once."""
    # Nothing is asked of the first page's identifiers: a planner may take any bound for a reason to look through all of them.
    behind: Where = {"_id": more_than(after.identifier)} if after else {}
    terms = [scoped(archive, term) for term in leading.terms]
    while True:
        entries = {
            entry.id: entry.item
            for term in terms
            for entry in library.search_entries.find(
                {"terms": term, **behind}, sort=[("_id", 1)], limit=_BATCH
            )
        }
        # Of several terms, only what is surely complete: the first of what all of them found together.
        page = sorted(entries)[:_BATCH]
        if not page:
            return
        yield from ((Position(identifier), entries[identifier]) for identifier in page)
        behind = {"_id": more_than(page[-1])}


def _by_number(
    library: Library, archive: str, leading: InRange, after: Position | None, *, descending: bool
) -> Iterator[tuple[Position, str]]:
    """Walk over measures within the bounds, in order of their numbers."""
    key = scoped(archive, leading.key)
    while True:
        page = _measures(library, key, leading, after, descending=descending)
        if not page:
            return
        yield from page
        after = page[-1][0]


def _measures(
    library: Library, key: str, leading: InRange, after: Position | None, *, descending: bool
) -> list[tuple[Position, str]]:
    """Return the next few measures: the rest of those with the same number, then those beyond."""
    bounds: dict[str, Scalar | Comparison] = {"key": key}
    if leading.low is not None:
        bounds["number"] = (at_least if leading.low_included else more_than)(leading.low)
    if leading.high is not None:
        bounds["number_to"] = (at_most if leading.high_included else less_than)(leading.high)
    found: list[tuple[Position, str]] = []
    for where in _behind(bounds, after, descending=descending):
        measures = library.measures.find(
            where, sort=[("number", -1 if descending else 1)], limit=_BATCH - len(found)
        )
        found += [(Position(each.id, each.number), each.item) for each in measures]
        if len(found) == _BATCH:
            break
    return found


def _behind(
    bounds: Mapping[str, Scalar | Comparison], after: Position | None, *, descending: bool
) -> list[Where]:
    """Return what stands behind a position within bounds, in order."""
    if after is None or after.number is None:
        return [bounds]
    beyond = less_than if descending else more_than
    same: Where = {"key": bounds["key"], "number": after.number, "_id": beyond(after.identifier)}
    return [same, {**bounds, ("number_to" if descending else "number"): beyond(after.number)}]


def _matching(
    library: Library,
    archive: str,
    conditions: Sequence[Condition],
    walk: _Walk,
    batch: Sequence[tuple[Position, str]],
) -> list[tuple[Position, Item]]:
    """Return those of the batch whose items are there and meet every condition now, each where it comes first."""
    wanted = library.items.find({"_id": one_of([item for _, item in batch])})
    items = {item.id: item for item in wanted if item.archive == archive and not item.deleted}
    facts = findable_of(library, items.values())
    return [
        (position, items[identifier])
        for position, identifier in batch
        if identifier in items
        and all(condition.holds(facts[identifier]) for condition in conditions)
        and walk.shows(facts[identifier], position)
    ]
