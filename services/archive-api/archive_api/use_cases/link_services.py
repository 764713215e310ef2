"""The registry of what other services refer to, which keeps it from being deleted under their hands."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from archive_api.domain.service_link import ServiceLink, TargetKind
from archive_api.use_cases.change_archive import require_editor
from archive_api.use_cases.library import Library
from archive_shared.errors import Conflict, Duplicate, Forbidden, NotFound
from archive_shared.identifiers import derived_id

_NAMED = 5


class Linked(Conflict):
    """Others refer to what was to be deleted."""


@dataclass(frozen=True, kw_only=True)
class WantedLink:
    """What a service says that refers to something here; see `ServiceLink`."""

    reference: str
    kind: str
    title: str
    url: str
    target_kind: TargetKind
    target: str


def register_link(library: Library, service: str, wanted: WantedLink) -> ServiceLink:
    """Note a link; again, it is the same one with what is said of it now.

    Raises
    ------
    NotFound
        There is nothing to refer to.
    """
    link = ServiceLink(
        id=derived_id("link", service, wanted.reference, wanted.target),
        service=service,
        archive=_archive_of(library, wanted.target_kind, wanted.target),
        created_at=library.clock.now(),
        **vars(wanted),
    )
    _keep(library, link, wanted)
    try:  # it may have been deleted meanwhile, by somebody who saw no link yet
        _archive_of(library, wanted.target_kind, wanted.target)
    except NotFound:
        library.service_links.delete(link.id)
        raise
    return library.service_links.require(link.id)


def _keep(library: Library, link: ServiceLink, wanted: WantedLink) -> None:
    with suppress(Duplicate):
        library.service_links.add(link)
        return

    def say_again(present: ServiceLink) -> None:
        present.kind, present.title, present.url = wanted.kind, wanted.title, wanted.url

    library.service_links.change(link.id, say_again)


def remove_link(library: Library, service: str, identifier: str) -> None:
    """Forget a link of a service's own; nothing happens when there is none, `NotFound` for those of others."""
    found = library.service_links.get(identifier)
    if found is None:
        return
    if found.service != service:
        raise NotFound(f"link {identifier} is of another service")
    library.service_links.delete(identifier)


def list_links(library: Library, token: str | None, archive: str) -> list[ServiceLink]:
    """Return what refers to an archive and everything in it, for its editors."""
    require_editor(library, token, archive)
    return library.service_links.find({"archive": archive}, sort=[("created_at", 1)])


def drop_link(library: Library, token: str | None, archive: str, identifier: str) -> None:
    """Forget a link whose service is no more, for administrators.

    Raises
    ------
    Unauthenticated, NotFound, Forbidden
        As `require_editor`, and for editors.
    """
    caller, _ = require_editor(library, token, archive)
    found = library.service_links.get(identifier)
    if found is None or found.archive != archive:
        raise NotFound(f"link {identifier} does not exist")
    if not caller.administrator:
        raise Forbidden("Only administrators may forget links; ask the service that has it.")
    library.service_links.delete(identifier)


def require_unlinked_archive(library: Library, archive: str) -> None:
    """Raise `Linked` if anything refers to the archive, to an item or to a snapshot of it."""
    _refuse(library.service_links.find({"archive": archive}, limit=_NAMED + 1))


def require_unlinked_item(library: Library, item: str) -> None:
    """Raise `Linked` if anything refers to the item itself; links to snapshots that hold it do not matter."""
    _refuse(library.service_links.find({"target": item}, limit=_NAMED + 1))


def _refuse(links: Sequence[ServiceLink]) -> None:
    if not links:
        return
    named = [f"{link.service}: {link.kind} {link.title or link.reference}" for link in links[:_NAMED]]
    more = ["and more"] if len(links) > _NAMED else []
    raise Linked(f"Others refer to it: {'; '.join([*named, *more])}.")


def _archive_of(library: Library, kind: TargetKind, target: str) -> str:
    """Return the archive something belongs to; raise `NotFound` when it is not there."""
    if kind is TargetKind.ITEM:
        item = library.items.get(target)
        archive = item.archive if item is not None and not item.deleted else None
    elif kind is TargetKind.SNAPSHOT:
        snapshot = library.snapshots.get(target)
        archive = snapshot.archive if snapshot is not None else None
    else:
        archive = target
    if archive is None or library.archive(archive) is None:
        raise NotFound(f"{kind.value} {target} does not exist")
    return archive
