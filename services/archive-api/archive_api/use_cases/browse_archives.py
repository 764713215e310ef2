"""Finds archives for those who may see them: everybody the public ones, others by their roles."""

from collections.abc import Iterator
from dataclasses import dataclass

from archive_api.domain.archive import Archive, logo_key
from archive_api.use_cases.library import Library
from archive_shared.access import Action, Question, Usable
from archive_shared.documents import Where, one_of
from archive_shared.errors import NotFound, Unauthenticated


@dataclass(frozen=True, kw_only=True)
class ArchiveFilter:
    """Which archives are asked for; None for any.

    Parameters
    ----------
    mine
        Only those the caller has a role on.
    """

    slug: str | None = None
    title: str | None = None
    mine: bool = False


@dataclass(frozen=True)
class SeenArchive:
    """An archive as one caller sees it: `items` (how many it has) is None for those without a role."""

    archive: Archive
    items: int | None


def list_archives(
    library: Library, token: str | None, wanted: ArchiveFilter, *, skip: int, limit: int
) -> tuple[int, list[Archive]]:
    """Return how many archives the caller sees, and a page of them, oldest first."""
    where = list(_visible(library.access.usable(token), wanted))
    if not where:
        return 0, []
    found = library.archives.find(where, sort=[("created_at", 1)], skip=skip, limit=limit)
    return library.archives.count(where), found


def show_archive(library: Library, token: str | None, identifier: str) -> SeenArchive:
    """Return an archive whose card the caller may see.

    Raises
    ------
    Unauthenticated
        Nobody is calling, and the archive is not public or does not exist: which, they are not told.
    NotFound
        The caller may not see it, or it does not exist.
    """
    archive = library.archives.get(identifier)
    if archive is None:
        library.require_caller(token)
        raise NotFound(f"archive {identifier} does not exist")
    public = archive.settings.public
    questions = [Question(action, identifier, public) for action in (Action.VIEW_ARCHIVE, Action.USE_ARCHIVE)]
    answers = library.access.ask(token, questions)
    seen, usable = answers.allowed
    if not seen:
        raise _hidden(identifier, somebody=answers.caller is not None)
    return SeenArchive(archive, count_items(library, identifier) if usable else None)


def read_logo(library: Library, token: str | None, identifier: str, name: str) -> bytes:
    """Return the logo of an archive whose card the caller may see; only the present one is there."""
    archive = show_archive(library, token, identifier).archive
    if not name or name != archive.settings.logo:
        raise NotFound(f"archive {identifier} has no logo {name}")
    return library.media_blobs.read(logo_key(identifier, name))


def count_items(library: Library, archive: str) -> int:
    return library.items.count({"archive": archive, "deleted": False})


def _visible(usable: Usable, wanted: ArchiveFilter) -> Iterator[Where]:
    """Yield the alternatives an archive may meet to be in the list."""
    asked: dict[str, str] = {}
    if wanted.slug is not None:
        asked["slug"] = wanted.slug
    if wanted.title is not None:
        asked["title"] = wanted.title
    if usable.everything and not wanted.mine:
        yield asked
        return
    if not wanted.mine:
        yield asked | {"public": True}
    if usable.archives:
        yield asked | {"_id": one_of(sorted(usable.archives))}


def _hidden(identifier: str, *, somebody: bool) -> Exception:
    if somebody:
        return NotFound(f"archive {identifier} may not be seen")
    return Unauthenticated("Authentication credentials were not provided.")
