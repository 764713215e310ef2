"""Keeps aggregates of one kind as documents, each with the events its changes cause.

The outbox is part of the document (`outbox`, a list of envelopes; `outbox_since`, when the oldest was
recorded; `announced`, how many there ever were): state and announcement are one write. The relay
publishes and removes them.
"""

from collections.abc import Callable, Sequence
from dataclasses import fields
from datetime import datetime
from enum import Enum
from functools import cache
from types import UnionType
from typing import Any, Generic, TypeVar, Union, get_args, get_origin

import cattrs
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override

from archive_shared.clock import Clock, SystemClock, from_text, to_text
from archive_shared.documents.aggregate import Aggregate
from archive_shared.documents.mutation import attempts
from archive_shared.documents.port import Document, Documents, Sort, Where, one_of
from archive_shared.errors import NotFound, Stale
from archive_shared.events import envelope

A = TypeVar("A", bound=Aggregate)
OUTBOX_FIELDS = {"outbox_since": "outbox_since"}
OUTBOX_INDEX = ("outbox_since",)
_SCALARS = (str, int, bool)  # not float: it makes a number of what JSON may have written without a point
_BOOKKEEPING = {"_id", "rev", "outbox", "outbox_since", "announced"}


class Repository(Generic[A]):
    """Aggregates of one kind in one collection.

    Parameters
    ----------
    kind
        A dataclass whose fields are JSON, datetimes, enums, dataclasses, or lists and optionals of these.
    source
        Name of the service, the CloudEvents source of what it announces.
    """

    def __init__(
        self, documents: Documents, collection: str, kind: type[A], *, source: str, clock: Clock | None = None
    ) -> None:
        if taken := _BOOKKEEPING & {field.name for field in fields(kind)}:
            raise TypeError(f"{kind.__name__} cannot have fields named {', '.join(sorted(taken))}")
        self._documents = documents
        self._collection = collection
        self._kind = kind
        self._source = source
        self._clock = clock or SystemClock()
        self._converter = _converter(kind)  # type: ignore[arg-type]  # classes can be hashed, if their objects cannot
        self._structure = self._converter.get_structure_hook(kind)

    def add(self, aggregate: A) -> A:
        """Store a new aggregate with its events.

        Raises
        ------
        Duplicate
            Its identifier or a unique group of fields is taken.
        """
        document = self._to_document(aggregate)
        return self._load(self._documents.put_new(self._collection, document))

    def get(self, identifier: str) -> A | None:
        document = self._documents.get(self._collection, identifier)
        return None if document is None else self._load(document)

    def require(self, identifier: str) -> A:
        """Return the aggregate; raise `NotFound` when there is none."""
        found = self.get(identifier)
        if found is None:
            raise NotFound(f"{self._kind.__name__} {identifier} does not exist")
        return found

    def save(self, aggregate: A) -> A:
        """Store a changed aggregate; raise `Stale` when somebody else changed it since it was read."""
        document = self._to_document(aggregate)
        return self._load(self._documents.save(self._collection, document))

    def change(self, identifier: str, step: Callable[[A], object]) -> A:
        """Load, let `step` change the aggregate, save with its events; again when somebody was faster.

        `step` may run several times and must have no effect but on the aggregate. Nothing is written
        when it changed nothing. Returns the aggregate as stored.

        Raises
        ------
        NotFound
            There is no such aggregate. Whatever `step` raises passes through and nothing is written.
        """
        for _ in attempts():
            aggregate = self.require(identifier)
            before = self._fields(aggregate)
            step(aggregate)
            if not aggregate._recorded and self._fields(aggregate) == before:
                return aggregate
            try:
                return self.save(aggregate)
            except Stale:
                continue
        raise Stale(f"{self._kind.__name__} {identifier} is being changed by too many others")

    def change_each(self, identifiers: Sequence[str], step: Callable[[A], object]) -> None:
        """Do to several, each by itself, what `change` does to one; two round trips unless others change them too.

        Raises
        ------
        NotFound
            One of them is not there; nothing is written. Nor if `step` raises for one that nobody else is changing.
        """
        aggregates = self.get_each(identifiers)
        if len(aggregates) < len(set(identifiers)):
            raise NotFound(f"one of {len(identifiers)} {self._kind.__name__}s does not exist")
        changed = []
        for aggregate in aggregates:
            before = self._fields(aggregate)
            step(aggregate)
            if aggregate._recorded or self._fields(aggregate) != before:
                changed.append(self._to_document(aggregate))
        for identifier in self._documents.save_each(self._collection, changed) if changed else ():
            self.change(identifier, step)

    def get_each(self, identifiers: Sequence[str]) -> list[A]:
        """Return those that exist, in one round trip and in the order of their identifiers."""
        return self.find({"_id": one_of(identifiers)}) if identifiers else []

    def find(
        self,
        where: Where | Sequence[Where] = (),
        *,
        sort: Sort = (),
        skip: int = 0,
        limit: int | None = None,
    ) -> list[A]:
        found = self._documents.find(self._collection, where, sort=sort, skip=skip, limit=limit)
        return [self._load(document) for document in found]

    def identifiers(self, where: Where | Sequence[Where] = ()) -> list[str]:
        """Return the identifiers of those that meet the conditions, without reading them whole."""
        return self._documents.identifiers(self._collection, where)

    def count(self, where: Where | Sequence[Where] = (), *, limit: int | None = None) -> int:
        """Count those that meet the conditions, no further than `limit`."""
        return self._documents.count(self._collection, where, limit=limit)

    def delete(self, identifier: str) -> bool:
        return self._documents.delete(self._collection, identifier)

    def _fields(self, aggregate: A) -> dict[str, Any]:
        unstructured: dict[str, Any] = self._converter.unstructure(aggregate)
        return unstructured

    def _to_document(self, aggregate: A) -> Document:
        stored = aggregate._stored or {}
        announced = stored.get("announced", 0) + len(aggregate._recorded)
        outbox = [*stored.get("outbox", []), *self._envelopes(aggregate, stored.get("announced", 0))]
        document = self._fields(aggregate) | {
            "_id": aggregate.id,
            "version": aggregate.version + 1,
            "announced": announced,
            "outbox": outbox,
        }
        if stored:
            document["rev"] = stored["rev"]
        if outbox:
            document["outbox_since"] = outbox[0]["time"]
        del document["id"]
        return document

    def _envelopes(self, aggregate: A, announced: int) -> list[dict[str, Any]]:
        now = self._clock.now()
        return [
            envelope(event, source=self._source, sequence=number, at=now)
            for number, event in enumerate(aggregate._recorded, start=announced + 1)
        ]

    def _load(self, document: Document) -> A:
        aggregate: A = self._structure(document, self._kind)
        aggregate._stored = document
        return aggregate


@cache  # it holds nothing of a repository, and takes milliseconds to make, which services with many kinds notice
def _converter(kind: type[Aggregate]) -> cattrs.Converter:
    converter = cattrs.Converter(forbid_extra_keys=False, detailed_validation=False)
    converter.register_unstructure_hook(datetime, to_text)
    converter.register_structure_hook(datetime, lambda text, _: from_text(text))
    converter.register_unstructure_hook_func(_is_enum, lambda member: member.value)
    # What documents hold is JSON of our own writing: text and numbers need no conversion, and lists no second look.
    converter.register_structure_hook_func(_is_optional_scalar, lambda value, _: value)
    converter.register_structure_hook_func(_is_list_of_scalars, lambda values, _: list(values))
    converter.register_structure_hook(
        kind, make_dict_structure_fn(kind, converter, id=override(rename="_id"))
    )
    converter.register_unstructure_hook(kind, make_dict_unstructure_fn(kind, converter))
    return converter


def _is_optional_scalar(kind: Any) -> bool:
    return set(get_args(kind)) <= {*_SCALARS, type(None)} and get_origin(kind) in (Union, UnionType)


def _is_list_of_scalars(kind: Any) -> bool:
    return get_origin(kind) is list and get_args(kind)[0] in _SCALARS


def _is_enum(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Enum)
