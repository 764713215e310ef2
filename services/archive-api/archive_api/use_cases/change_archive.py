"""Changes the settings of archives."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from archive_api.domain.archive import Archive
from archive_api.domain.history import Actor
from archive_api.use_cases.check_display import SHOWN_WITH, check_view_content
from archive_api.use_cases.keep_pictures import PICTURES, keep_picture
from archive_api.use_cases.library import Library
from archive_shared.access import Action, Caller, require
from archive_shared.errors import NotFound, Outdated


def require_editor(library: Library, token: str | None, identifier: str) -> tuple[Caller, Archive]:
    """Return the caller, and the archive if they may change it.

    Raises
    ------
    Unauthenticated, NotFound, Forbidden
        As `archive_shared.access.require`.
    """
    archive = library.archive(identifier)
    if archive is None:
        library.require_caller(token)
        raise NotFound(f"archive {identifier} does not exist")
    public = archive.settings.public
    return require(library.access, token, Action.CHANGE_ARCHIVE, identifier, public=public), archive


def change_archive(
    library: Library,
    caller: Caller,
    archive: Archive,
    changes: Mapping[str, Any],
    *,
    expected_version: int | None = None,
) -> Archive:
    """Take over settings by name; what is not named stays. Pictures are bytes, b"" to remove one.

    Raises
    ------
    Invalid
        A setting breaks its rules; nothing was changed.
    Outdated
        The archive has another version than the caller expects.
    """
    wanted = dict(changes)
    if wanted.keys() & SHOWN_WITH:
        check_view_content(
            library, replace(archive.settings, **{name: wanted[name] for name in wanted.keys() & SHOWN_WITH})
        )
    pictures = {
        name: keep_picture(library, archive.id, rule, changes[name])
        for name, rule in PICTURES.items()
        if name in changes
    }
    wanted |= pictures
    now, by = library.clock.now(), Actor.of(caller)

    def apply(present: Archive) -> None:
        if expected_version not in (None, present.version):
            raise Outdated(f"The archive has version {present.version} by now.")
        present.change(replace(present.settings, **wanted), at=now, by=by)

    return library.archives.change(archive.id, apply)
