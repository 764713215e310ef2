"""Checks what an archive's items are to be shown with, and finds it again for those who look at them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from archive_api.domain.archive import ArchiveLook, ArchiveSettings
from archive_api.domain.display_settings import DisplaySetting, SettingKind
from archive_api.domain.item import Item
from archive_api.domain.viewports import (
    VIEW_CONTENT_SCHEMA,
    missing_warnings,
    view_content_errors,
    viewport_names,
)
from archive_api.use_cases.check_json import json_errors
from archive_api.use_cases.keep_display_settings import find_setting, settings_named
from archive_api.use_cases.library import Library
from archive_shared.documents import one_of
from archive_shared.errors import Invalid, NotFound

FIELDS: Mapping[str, SettingKind] = {
    "workstation": SettingKind.VIEWER,
    "workstation_config": SettingKind.CONFIGURATION,
    "hanging_protocol": SettingKind.PROTOCOL,
    "optional_hanging_protocols": SettingKind.PROTOCOL,
}
SHOWN_WITH = frozenset({*FIELDS, "view_content"})
"""The settings of an archive that are about how its items are shown."""


@dataclass(frozen=True)
class Display:
    """What the items of an archive are shown with."""

    viewer: DisplaySetting | None = None
    configuration: DisplaySetting | None = None
    protocol: DisplaySetting | None = None
    optional_protocols: list[DisplaySetting] = field(default_factory=list)
    view_content: Mapping[str, list[str]] = field(default_factory=dict)

    def warnings(self, item: Item) -> list[str]:
        """Tell which values the view content names an item does not have."""
        return missing_warnings(self.view_content, set(item.by_socket))


def check_display(library: Library, token: str | None, changes: Mapping[str, Any]) -> None:
    """Refuse choices and sockets that do not exist for the caller, and view content of the wrong form."""
    errors: dict[str, list[str]] = {}
    for name, kind in FIELDS.items():
        chosen = changes.get(name) or []
        for each in [chosen] if isinstance(chosen, str) else chosen:
            try:
                find_setting(library, token, kind, each)
            except NotFound:
                errors[name] = [f"There is no {kind.value} {each}."]
    allowed = changes.get("allowed_sockets", [])
    if unknown := sorted(set(allowed) - library.sockets.named(allowed).keys()):
        errors["allowed_sockets"] = [f"There is no socket {slug}." for slug in unknown]
    if reasons := json_errors(changes.get("view_content", {}), [VIEW_CONTENT_SCHEMA]):
        errors["view_content"] = reasons
    if errors:
        raise Invalid(errors)


def with_default_viewer(library: Library, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of a new archive with the viewer of the installation, if its creator did not say anything of one."""
    if wanted["workstation"] is not None:
        return dict(wanted)
    found = default_viewer(library)
    return {**wanted, "workstation": found.id if found else ""}


def default_viewer(library: Library) -> DisplaySetting | None:
    """Return the viewer of the installation; None while there is none, or one that is not for everybody."""
    where = {"kind": SettingKind.VIEWER.value, "slug": library.default_viewer}
    found = library.display_settings.find(where) if library.default_viewer else []
    return next((each for each in found if each.is_public), None)


def check_view_content(library: Library, settings: ArchiveSettings) -> None:
    """Refuse view content that shows what cannot be shown so, or that is not for the viewports of the protocol."""
    content = settings.view_content
    if not content:
        return
    sockets = library.sockets.named({slug for slugs in content.values() for slug in slugs})
    reasons = list(view_content_errors(content, sockets))
    protocol = library.display_settings.get(settings.hanging_protocol) if settings.hanging_protocol else None
    if protocol is not None and (names := viewport_names(protocol.content["json"])) != content.keys():
        reasons.append(f"Its viewports must be those of the hanging protocol: {', '.join(sorted(names))}.")
    if reasons:
        raise Invalid({"view_content": reasons})


def displays_of(library: Library, archives: Iterable[str]) -> dict[str, Display]:
    """Return what the items of each archive are shown with; two searches, one if nothing was chosen."""
    wanted = sorted(set(archives))
    found = library.archive_looks.find({"_id": one_of(wanted)}) if wanted else []
    named = settings_named(library, {each for archive in found for each in archive.settings.shown_with})
    return {archive.id: _display(archive, named) for archive in found}


def _display(archive: ArchiveLook, named: Mapping[str, DisplaySetting]) -> Display:
    settings = archive.settings
    optional = [named[each] for each in settings.optional_hanging_protocols if each in named]
    return Display(
        viewer=named.get(settings.workstation),
        configuration=named.get(settings.workstation_config),
        protocol=named.get(settings.hanging_protocol),
        optional_protocols=optional,
        view_content=settings.view_content,
    )
