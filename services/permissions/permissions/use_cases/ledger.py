"""Keeps what no one may change without an act in the audit trail."""

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from archive_shared.clock import to_text
from archive_shared.documents import Repository, Where, at_most
from archive_shared.documents.port import Sort
from archive_shared.errors import Unavailable
from permissions.domain.act import Audited
from permissions.use_cases.trail import Trail

A = TypeVar("A", bound=Audited)


class Ledger(Generic[A]):
    """A repository whose every change is filed.

    The change and its act are one write. Filing follows at once; if it cannot (the store went away, or we died), the
    act waits in the document until `file_leftovers` comes by.
    """

    def __init__(self, repository: Repository[A], trail: Trail) -> None:
        self._repository = repository
        self._trail = trail

    def get(self, identifier: str) -> A | None:
        return self._repository.get(identifier)

    def require(self, identifier: str) -> A:
        """Return it; raise `NotFound` when there is none."""
        return self._repository.require(identifier)

    def find(
        self,
        where: Where | Sequence[Where] = (),
        *,
        sort: Sort = (),
        skip: int = 0,
        limit: int | None = None,
    ) -> list[A]:
        return self._repository.find(where, sort=sort, skip=skip, limit=limit)

    def count(self, where: Where | Sequence[Where] = ()) -> int:
        return self._repository.count(where)

    def identifiers(self, where: Where | Sequence[Where] = ()) -> list[str]:
        return self._repository.identifiers(where)

    def add(self, aggregate: A) -> A:
        """Store something new, with its acts; raise `Duplicate` when a key is taken."""
        return self._filed(self._repository.add(aggregate))

    def change(self, identifier: str, step: Callable[[A], object]) -> A:
        """Change it as `Repository.change` does, and file the acts of the change."""
        return self._filed(self._repository.change(identifier, step))

    def file_leftovers(self) -> int:
        """File acts that were saved and not filed; return of how many documents."""
        before = to_text(self._trail.clock.now())
        found = self._repository.find({"unfiled_since": at_most(before)}, limit=100)
        for aggregate in found:
            self._file(aggregate)
        return len(found)

    def _filed(self, aggregate: A) -> A:
        try:
            return self._file(aggregate)
        except Unavailable:  # what was asked is done; the clerk files it later
            self._trail.delayed(aggregate.id)
            return aggregate

    def _file(self, aggregate: A) -> A:
        filed = {act.id for act in aggregate.unfiled}
        for act in aggregate.unfiled:
            self._trail.file(act)
        if not filed:
            return aggregate
        return self._repository.change(aggregate.id, lambda present: present.forget(filed))
