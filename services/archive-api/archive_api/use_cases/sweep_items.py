"""Forgets what deleted items held, once they can be restored no more: patients' data does not stay for good."""

from collections.abc import Iterator

from archive_api.domain.item import Item
from archive_api.use_cases.library import Library
from archive_api.use_cases.references import RESTORABLE_FOR
from archive_shared.clock import to_text
from archive_shared.documents import at_most
from archive_shared.sweeping import Leftover, Stage


def sweep_items(library: Library, *, dry_run: bool) -> Iterator[Leftover]:
    """Yield deleted items that were forgotten, or would be in a dry run."""
    oldest = library.clock.now() - RESTORABLE_FOR
    for identifier in library.items.identifiers({"deleted": True, "deleted_at": at_most(to_text(oldest))}):
        item = library.items.require(identifier)
        if not dry_run:
            library.items.change(identifier, Item.forget)
        yield Leftover(
            kind="item",
            name=identifier,
            size_bytes=0,
            since=item.deleted_at,
            stage=Stage.DUE if dry_run else Stage.REMOVED,
        )
