"""Creates archives."""

from collections.abc import Mapping
from typing import Any

from archive_api.domain.archive import Archive, ArchiveSettings
from archive_api.domain.history import Actor
from archive_api.domain.slugs import slug_candidates
from archive_api.use_cases.check_display import check_view_content
from archive_api.use_cases.keep_pictures import PICTURES, keep_picture
from archive_api.use_cases.library import Library
from archive_shared.access import Caller
from archive_shared.errors import Duplicate


def create_archive(library: Library, caller: Caller, identifier: str, wanted: Mapping[str, Any]) -> Archive:
    """Store a new archive under an identifier, with its creator as editor; twice gives the same archive.

    Parameters
    ----------
    wanted
        Settings by name; pictures as bytes, b"" for none.

    Raises
    ------
    Invalid
        A setting breaks its rules; nothing was stored.
    """
    check_view_content(library, ArchiveSettings(**{**wanted, **dict.fromkeys(PICTURES, "")}))
    pictures = {
        name: keep_picture(library, identifier, rule, wanted.get(name, b""))
        for name, rule in PICTURES.items()
    }
    settings = ArchiveSettings(**{**wanted, **pictures})
    # The role comes first, so that an archive somebody was told of always has an editor. When we fail in
    # between, permissions keeps a role on an archive that never came to be, which harms nobody.
    library.access.make_first_editor(archive=identifier, user=caller.id)
    return _add(library, identifier, settings, caller)


def _add(library: Library, identifier: str, settings: ArchiveSettings, caller: Caller) -> Archive:
    for slug in slug_candidates(settings.title, identifier):
        archive = Archive.create(
            id=identifier, slug=slug, settings=settings, by=Actor.of(caller), at=library.clock.now()
        )
        try:
            return library.archives.add(archive)
        except Duplicate:  # somebody has this slug, or the same request did it before
            present = library.archives.get(identifier)
            if present is not None:
                return present
    raise Duplicate("No address is free for an archive of this title; try again.")
