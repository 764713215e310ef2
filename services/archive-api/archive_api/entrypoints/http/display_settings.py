"""Viewers, viewer configurations, hanging protocols, window presets and look-up tables over HTTP."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import Blueprint, Response, request
from marshmallow import Schema

from archive_api.domain.display_rules import content_faults
from archive_api.domain.display_settings import DisplaySetting, SettingKind
from archive_api.domain.logo import VIEWER_LOGO
from archive_api.domain.viewports import PROTOCOL_SCHEMA, layout_icon
from archive_api.entrypoints.http import display_schemas as schemas
from archive_api.entrypoints.http.links import Links
from archive_api.entrypoints.http.posting import posted
from archive_api.entrypoints.http.shapes import Json
from archive_api.use_cases.check_display import default_viewer
from archive_api.use_cases.check_json import json_errors
from archive_api.use_cases.keep_display_settings import (
    SentSetting,
    change_setting,
    delete_setting,
    find_setting,
    list_settings,
    make_setting,
    require_maker,
    require_owner,
    settings_named,
    with_usernames,
)
from archive_api.use_cases.library import Library
from archive_shared.clock import to_text
from archive_shared.errors import Invalid
from archive_shared.http.app import json_response
from archive_shared.http.requests import bearer_token, body, flag, page, page_body


@dataclass(frozen=True)
class Shelf:
    """How one kind of settings looks over HTTP.

    Parameters
    ----------
    path
        Of its list, below the API's.
    refers
        Of which kind the settings are that a field names.
    numbered
        Whether the public client knows them by number.
    """

    kind: SettingKind
    path: str
    schema: type[Schema]
    refers: Mapping[str, SettingKind] = field(default_factory=dict)
    numbered: bool = False


SHELVES = (
    Shelf(
        SettingKind.VIEWER,
        "workstations",
        schemas.ViewerFields,
        {"default_config": SettingKind.CONFIGURATION},
    ),
    Shelf(
        SettingKind.CONFIGURATION,
        "workstations/configs",
        schemas.ConfigurationFields,
        {
            "window_presets": SettingKind.PRESET,
            "default_window_preset": SettingKind.PRESET,
            "overlay_luts": SettingKind.COLOURS,
            "default_overlay_lut": SettingKind.COLOURS,
        },
    ),
    Shelf(SettingKind.PROTOCOL, "hanging-protocols", schemas.ProtocolFields),
    Shelf(SettingKind.PRESET, "workstations/window-presets", schemas.PresetFields, numbered=True),
    Shelf(SettingKind.COLOURS, "workstations/look-up-tables", schemas.ColoursFields, numbered=True),
)


def display_blueprint(library: Library, links: Links, shelf: Shelf) -> Blueprint:
    """Routes for one kind of display settings."""
    routes = Blueprint(shelf.kind.name.lower(), __name__, url_prefix=f"/api/v1/{shelf.path}")
    settings = _Settings(library, links, shelf)
    routes.get("/")(settings.list_all)
    routes.post("/")(settings.create)
    routes.get("/<pk>/")(settings.show)
    routes.patch("/<pk>/")(settings.change)
    routes.delete("/<pk>/")(settings.delete)
    return routes


@dataclass(frozen=True)
class _Settings:
    """What requests about one kind of display settings are answered."""

    library: Library
    links: Links
    shelf: Shelf

    def list_all(self) -> Response:
        """List them; `?slug=` for one, of viewers `?default=true` for that of archives whose creator chose none."""
        wanted, kind, slug = page(), self.shelf.kind, request.args.get("slug")
        if kind is SettingKind.VIEWER and flag("default"):
            usual = default_viewer(self.library)
            slug = usual.slug if usual else ""
        count, found = list_settings(
            self.library, bearer_token(), kind, slug=slug, skip=wanted.offset, limit=wanted.limit
        )
        url = self.links.display_settings(self.shelf.path)
        return json_response(page_body(wanted, url=url, count=count, results=self._shown(found)))

    def create(self) -> Response:
        """Create one; its maker owns it."""
        kind = self.shelf.kind
        caller = require_maker(self.library, bearer_token(), kind)
        sent = with_usernames(self.library, bearer_token(), _sent(self.shelf, body(self.shelf.schema())))

        def act(identifier: str) -> tuple[int, Json]:
            return 201, self._shown([make_setting(self.library, caller, kind, identifier, sent)])[0]

        return posted(self.library, caller.account, act)

    def show(self, pk: str) -> Response:
        """Show one, with the presets and look-up tables it names in full."""
        found = find_setting(self.library, bearer_token(), self.shelf.kind, pk)
        return json_response(self._shown([found])[0])

    def change(self, pk: str) -> Response:
        """Change what is named; the whole has to be in order afterwards."""
        present = require_owner(self.library, bearer_token(), self.shelf.kind, pk)
        named = body(self.shelf.schema(partial=True))
        whole = {"title": present.title, "description": present.description, **present.content, **named}
        sent = with_usernames(self.library, bearer_token(), _sent(self.shelf, whole), kept=present.users)
        changed = change_setting(self.library, present, sent)
        return json_response(self._shown([changed])[0])

    def delete(self, pk: str) -> Response:
        """Delete one that nothing refers to."""
        delete_setting(self.library, require_owner(self.library, bearer_token(), self.shelf.kind, pk))
        return Response(status=204)

    def _shown(self, found: list[DisplaySetting]) -> list[Json]:
        named = settings_named(self.library, {each for setting in found for each in setting.refers})
        inner = {(each.kind, each.number): show_setting(each, self.links, {}) for each in named.values()}
        shown = [show_setting(each, self.links, inner) for each in found]
        return shown if self.shelf.kind is not SettingKind.VIEWER else self._without_users(shown)

    def _without_users(self, shown: list[Json]) -> list[Json]:
        """Return viewers as those see them who do not keep them: who else may use one is nobody's business."""
        if self.library.require_caller(bearer_token()).administrator:
            return shown
        return [each | {"users": []} for each in shown]


def show_setting(
    setting: DisplaySetting, links: Links, inner: Mapping[tuple[SettingKind, int], Json]
) -> Json:
    """Return a setting with the presets and look-up tables it names in full."""
    shelf = next(each for each in SHELVES if each.kind is setting.kind)
    pk: str | int = setting.number if shelf.numbered else setting.id
    return {
        "pk": pk,
        "slug": setting.slug,
        "title": setting.title,
        "description": setting.description,
        "creator": setting.creator.username,
        "created": to_text(setting.created_at),
        "modified": to_text(setting.modified_at),
        "api_url": f"{links.display_settings(shelf.path)}{pk}/",
        **_content(setting, shelf, links, inner),
    }


def _content(
    setting: DisplaySetting, shelf: Shelf, links: Links, inner: Mapping[tuple[SettingKind, int], Json]
) -> Json:
    content = setting.content
    if setting.kind is SettingKind.PROTOCOL:
        return content | {"svg_icon": layout_icon(content["json"])}
    if setting.kind is SettingKind.VIEWER:
        chosen, logo = content["default_config"], content.get("logo", "")
        return content | {
            "default_config": links.viewer_configuration(chosen) if chosen else None,
            "logo": links.picture(VIEWER_LOGO, setting.id, logo),
            "logo_renditions": links.renditions(VIEWER_LOGO, setting.id, logo),
            "users": setting.users,
        }
    for name, kind in shelf.refers.items():
        value = content[name]
        content[name] = (
            [inner[kind, each] for each in value] if isinstance(value, list) else inner.get((kind, value))
        )
    return content


def _sent(shelf: Shelf, whole: Mapping[str, Any]) -> SentSetting:
    """Return what was sent, once it is in order as a whole."""
    content = {name: value for name, value in whole.items() if name not in ("title", "description")}
    reasons = json_errors(content["json"], [PROTOCOL_SCHEMA]) if shelf.kind is SettingKind.PROTOCOL else []
    if reasons:
        raise Invalid({"json": reasons})
    errors: dict[str, list[str]] = {}
    for name, reason in content_faults(shelf.kind, content):
        errors.setdefault(name, []).append(reason)
    if errors:
        raise Invalid(errors)
    refers = {name: (kind, _named(content[name])) for name, kind in shelf.refers.items()}
    return SentSetting(title=whole["title"], description=whole["description"], content=content, refers=refers)


def _named(value: Any) -> list[str | int]:
    if isinstance(value, list):
        return list(value)
    return [] if value in (None, "") else [value]
