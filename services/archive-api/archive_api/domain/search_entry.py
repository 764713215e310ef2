"""What an item can be found by: words and exact values, and numbers, each with its archive in front.

An item has one search entry, whose identifier sorts like the items of an archive do (by age); so those that have one
term come in order out of the index, and a page costs its own size however many items there are. Ranges need an order
of their own: every number of an item is a measure, found by its key and value. An item that holds several images, or lists, may
have several numbers of one kind.

Entries follow the items by their events, so they may be late. What they find is therefore compared with the item
itself (`archive_api.use_cases.search_items`): a late entry makes an item appear late, never wrongly.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeGuard

from archive_api.domain.image import Image
from archive_api.domain.image_fields import DATES, NUMBERS, TEXTS
from archive_api.domain.item import Item
from archive_api.domain.value import Value, canonical_json
from archive_api.domain.words import words
from archive_shared.clock import to_text
from archive_shared.documents import Aggregate, Collection
from archive_shared.identifiers import derived_id

LONGEST_TEXT = 200
"""Longer text values are found by their words, not as a whole."""

LONGEST_LIST = 100
"""Of a value that is a list, so many elements are found."""

LARGEST_NUMBER = 1e300
"""Beyond it, comparisons of databases are not worth trusting: such numbers are not found."""

SCHEME = 1
"""What is found by changed so often; see `SearchEntry.scheme`."""

MOST_TERMS = 1000
TEXT_FIELDS = ("name", *TEXTS)


@dataclass(frozen=True)
class Findable:
    """Everything an item can be found by, without its archive."""

    terms: frozenset[str]
    numbers: Mapping[str, frozenset[float]]


@dataclass(kw_only=True)
class SearchEntry(Aggregate):
    """The terms of one item; its identifier is `entry_id`'s.

    Parameters
    ----------
    item
        Identifier of the item.
    lookups
        How often the item was looked up; it makes every look-up a change, so that of two at once, one looks again.
    scheme
        `SCHEME` when it was made; older entries are made anew (`archive_api.use_cases.renew_entries`).
    """

    item: str
    terms: list[str] = field(default_factory=list)
    lookups: int = 0
    scheme: int = 0


@dataclass(kw_only=True)
class Measure(Aggregate):
    """One number of one item; never changes. Its identifier follows from what it says.

    Parameters
    ----------
    key
        The archive and what the number is.
    """

    item: str
    key: str
    number: float


SEARCH_ENTRIES = Collection(
    "search_entries",
    fields={"item": "item", "scheme": "scheme"},
    lists={"terms": "terms"},
    indexes=[("item",), ("scheme",)],
)
MEASURES = Collection(
    "measures",
    fields={"item": "item", "key": "key", "number": "number", "number_to": "number"},
    indexes=[("item",), ("key", "number", "_id")],
)


def entry_id(item: Item) -> str:
    """Return an identifier that sorts by age."""
    return f"{to_text(item.created_at)}.{item.id}"


def measures(item: Item, found: Findable) -> Iterator[Measure]:
    """Yield the numbers an item is found by, under identifiers that follow from what they say."""
    for name, several in found.numbers.items():
        key = scoped(item.archive, name)
        for number in several:
            identifier = derived_id("measure", item.id, key, repr(number))
            yield Measure(id=identifier, item=item.id, key=key, number=number)


def scoped(archive: str, term: str) -> str:
    """Put the archive in front of a term or key, so that archives never find one another's items."""
    return f"{archive}|{term}"


def word_term(word: str) -> str:
    return f"w|{word}"


def value_term(socket: str, value: str | float | bool | None) -> str:
    return f"v|{socket}|{number_text(value) if _is_number(value) else canonical_json(value)}"


def number_text(number: float) -> str:
    """Return the one spelling of equal numbers: 2 and 2.0 are found by each other."""
    is_whole = abs(number) < _LARGEST_EXACT and number == int(number)
    return str(int(number) if is_whole else number)


_LARGEST_EXACT = 2**53  # floats beyond it stand for several whole numbers each


def _is_number(value: Any) -> TypeGuard[float]:
    """Tell whether it is a number that is found; JSON has others than floats can hold, and true is none."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= LARGEST_NUMBER


def image_term(name: str, text: str) -> str:
    return f"i|{name}|{text}"


def value_key(socket: str) -> str:
    return f"v|{socket}"


def image_key(name: str) -> str:
    return f"i|{name}"


def day_number(text: str) -> float | None:
    """Return a date as a number that sorts like it, None for something else."""
    try:
        return float(date.fromisoformat(text).toordinal())
    except ValueError:
        return None


def findable(item: Item, images: Mapping[str, Image], titles: Mapping[str, str]) -> Findable:
    """Return what an item can be found by.

    Parameters
    ----------
    images
        Those of its images that are known, by identifier.
    titles
        Titles of its sockets, by slug.
    """
    held = [images[each] for each in item.images if each in images]
    terms = {word_term(word) for word in words(" ".join(_texts(item, held, titles)))}
    terms |= set(_value_terms(item)) | {term for image in held for term in _image_terms(image)}
    numbers: dict[str, set[float]] = defaultdict(set)
    for key, number in _numbers(item, held):
        numbers[key].add(number)
    return Findable(
        frozenset(sorted(terms)[:MOST_TERMS]), {key: frozenset(found) for key, found in numbers.items()}
    )


def _texts(item: Item, images: Sequence[Image], titles: Mapping[str, str]) -> Iterator[str]:
    yield item.title
    for value in item.values:
        yield f"{value.socket} {titles.get(value.socket, '')}"
        if value.file is not None:
            yield value.file.name
        if isinstance(value.json, str):
            yield value.json
    for image in images:
        about = image.description
        yield image.name
        yield " ".join(
            (about.patient_id, about.patient_name, about.study_description, about.series_description)
        )


def _value_terms(item: Item) -> Iterator[str]:
    for value in item.values:
        yield f"s|{value.socket}"
        for each in _elements(value):
            is_short_text = isinstance(each, str) and len(each) <= LONGEST_TEXT
            if is_short_text or each is None or isinstance(each, bool) or _is_number(each):
                yield value_term(value.socket, each)


def _elements(value: Value) -> list[Any]:
    """Return what JSON is found by: a list's elements, else itself; nothing of files and images."""
    if value.json_text is None:
        return []
    found = value.json
    return found[:LONGEST_LIST] if isinstance(found, list) else [found]


def _image_terms(image: Image) -> Iterator[str]:
    described = {**vars(image.description), "name": image.name}
    for name in (*TEXT_FIELDS, *DATES):
        text = described[name]
        if text and len(text) <= LONGEST_TEXT:
            yield image_term(name, text)
    for name in NUMBERS:
        if described[name] is not None:
            yield image_term(name, number_text(described[name]))


def _numbers(item: Item, images: Sequence[Image]) -> Iterator[tuple[str, float]]:
    for value in item.values:
        for each in _elements(value):
            if _is_number(each):
                yield value_key(value.socket), float(each)
    for image in images:
        described = vars(image.description)
        for name in NUMBERS:
            if described[name] is not None:
                yield image_key(name), float(described[name])
        for name in DATES:
            day = day_number(described[name] or "")
            if day is not None:
                yield image_key(name), day
