"""Checks what editors want of an archive where one setting must fit another, or something that exists."""

from archive_api.domain.archive import ArchiveSettings
from archive_api.use_cases.library import Library
from archive_shared.errors import Invalid


def check_settings(library: Library, settings: ArchiveSettings) -> None:
    """Raise `Invalid` naming each setting that breaks its rules."""
    errors: dict[str, list[str]] = {}
    if errors:
        raise Invalid(errors)
