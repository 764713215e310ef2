"""Changes the settings of archives."""

from dataclasses import replace
from typing import Any

from archive_api.domain.archive import Archive
from archive_api.use_cases.create_archive import store_logo
from archive_api.use_cases.library import Library
from archive_shared.access import Action, require
from archive_shared.errors import NotFound


def require_editor(library: Library, token: str | None, identifier: str) -> Archive:
    """Return the archive if the caller may change it.

    Raises
    ------
    Unauthenticated, NotFound, Forbidden
        As `archive_shared.access.require`.
    """
    archive = library.archives.get(identifier)
    if archive is None:
        library.require_caller(token)
        raise NotFound(f"archive {identifier} does not exist")
    require(library.access, token, Action.CHANGE_ARCHIVE, identifier, public=archive.settings.public)
    return archive


def change_archive(library: Library, archive: Archive, changes: dict[str, Any]) -> Archive:
    """Take over settings by name; what is not named stays. `logo` holds a picture's bytes, b"" to remove it.

    Raises
    ------
    Invalid
        The logo breaks the rules; nothing was changed.
    """
    if "logo" in changes:
        changes = changes | {"logo": store_logo(library, archive.id, changes["logo"])}
    now = library.clock.now()
    return library.archives.change(
        archive.id, lambda present: present.change(replace(present.settings, **changes), at=now)
    )
