"""Creates archives."""

from collections.abc import Mapping
from typing import Any

from archive_api.domain.archive import Archive, ArchiveSettings
from archive_api.domain.slugs import slug_candidates
from archive_api.use_cases.keep_pictures import PICTURES, keep_picture
from archive_api.use_cases.library import Library
from archive_shared.access import Action, Caller, Question
from archive_shared.errors import Duplicate, Forbidden, Unauthenticated


def require_creator(library: Library, token: str | None) -> Caller:
    """Return the caller if they may create archives, else raise `Unauthenticated` or `Forbidden`."""
    answers = library.access.ask(token, [Question(Action.CREATE_ARCHIVE)])
    if answers.caller is None:
        raise Unauthenticated("Authentication credentials were not provided.")
    if not all(answers.allowed):
        raise Forbidden("You do not have permission to create archives.")
    return answers.caller


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
    pictures = {name: keep_picture(library, identifier, name, wanted.get(name, b"")) for name in PICTURES}
    settings = ArchiveSettings(**{**wanted, **pictures})
    # The role comes first, so that an archive somebody was told of always has an editor. When we fail in
    # between, permissions keeps a role on an archive that never came to be, which harms nobody.
    library.access.make_first_editor(archive=identifier, user=caller.id)
    return _add(library, identifier, settings, caller)


def _add(library: Library, identifier: str, settings: ArchiveSettings, caller: Caller) -> Archive:
    for slug in slug_candidates(settings.title, identifier):
        archive = Archive.create(
            id=identifier, slug=slug, settings=settings, creator=caller.id, at=library.clock.now()
        )
        try:
            return library.archives.add(archive)
        except Duplicate:  # somebody has this slug, or the same request did it before
            present = library.archives.get(identifier)
            if present is not None:
                return present
    raise Duplicate("No address is free for an archive of this title; try again.")
