"""Keeps viewers, viewer configurations, hanging protocols, window presets and look-up tables.

Everybody who is signed in sees them, apart from viewers that are for some only: those are seen by whom they were
made by, by the people they name, who may choose them for their archives, and by everybody with a role on an archive that
was given them, so that whoever may see an item can open it. With a token for some archives only the last counts.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from archive_api.domain.archive import picture_key
from archive_api.domain.display_settings import DisplaySetting, SettingKind
from archive_api.domain.history import Actor
from archive_api.domain.logo import VIEWER_LOGO
from archive_api.domain.slugs import slug_candidates
from archive_api.domain.viewports import viewport_names
from archive_api.use_cases.create_socket import require_administrator
from archive_api.use_cases.keep_pictures import keep_picture
from archive_api.use_cases.library import Library
from archive_api.use_cases.require_creator import require_creator, require_maker_of
from archive_shared.access import Caller, Usable
from archive_shared.documents import one_of
from archive_shared.errors import Conflict, Duplicate, Invalid, NotFound

_ATTEMPTS = 20
_LONGEST_NUMBER = 9  # what is longer was never given, and might not fit into a store
_ADMINISTRATORS_ONLY = (SettingKind.VIEWER, SettingKind.PRESET, SettingKind.COLOURS)


@dataclass(frozen=True, kw_only=True)
class SentSetting:
    """What somebody says of a setting.

    Parameters
    ----------
    content
        What is particular to its kind, whole and of the right form.
    refers
        The settings it names, by the field that names them: of which kind they must be, and their identifiers or numbers.
    """

    title: str
    description: str
    content: Mapping[str, Any]
    refers: Mapping[str, tuple[SettingKind, list[str | int]]]


def require_maker(library: Library, token: str | None, kind: SettingKind) -> Caller:
    """Return the caller if they may make settings of a kind; raise `Unauthenticated` or `Forbidden`.

    Who may create archives may make configurations and protocols for them; the rest is for administrators.
    """
    if kind not in _ADMINISTRATORS_ONLY:
        return require_creator(library, token)
    require_administrator(library, token)
    return library.require_caller(token)


def with_usernames(
    library: Library, token: str | None, sent: SentSetting, kept: Iterable[str] = ()
) -> SentSetting:
    """Return a setting with the usernames of the people it names as they are spelt; raise `Invalid` if there is no such person.

    Parameters
    ----------
    kept
        Who is named already, and is not looked up again: they may have left.
    """
    users, errors, kept = [], [], set(kept)
    for name in sent.content.get("users", []):
        try:
            users.append(name if name in kept else library.username_of(token, name))
        except NotFound:
            errors.append(f"There is no user {name}.")
    if errors:
        raise Invalid({"users": errors})
    return replace(sent, content={**sent.content, "users": users}) if users else sent


def make_setting(
    library: Library, caller: Caller, kind: SettingKind, identifier: str, sent: SentSetting
) -> DisplaySetting:
    """Store a new setting under an identifier; twice gives the same one. Raises `Invalid` for names of nothing."""
    refers = _references(library, sent)
    now = library.clock.now()
    for slug in slug_candidates(sent.title, identifier):
        for _ in range(_ATTEMPTS):
            setting = DisplaySetting(
                id=identifier,
                kind=kind,
                slug=slug,
                number=_next_number(library, kind),
                title=sent.title,
                description=sent.description,
                creator=Actor.of(caller),
                created_at=now,
                modified_at=now,
            )
            setting.keep(_kept(library, identifier, sent), refers, at=now)
            try:
                return library.display_settings.add(setting)
            except Duplicate:
                present = library.display_settings.get(identifier)
                if present is not None:
                    return present
                if library.display_settings.count({"kind": kind.value, "slug": slug}):
                    break  # it was not the number
    raise Duplicate("No address is free for this title; try again.")


def list_settings(
    library: Library, token: str | None, kind: SettingKind, *, slug: str | None, skip: int, limit: int
) -> tuple[int, list[DisplaySetting]]:
    """Return how many settings of a kind the caller sees, and a page of them, the oldest first."""
    caller, usable = library.require_usable(token)
    where = {"kind": kind.value} | ({"slug": slug} if slug is not None else {})
    found = library.display_settings.find(where, sort=[("created_at", 1)])
    seen = [each for each in found if _is_seen(library, caller, usable, each)]
    return len(seen), seen[skip : skip + limit]


def find_setting(library: Library, token: str | None, kind: SettingKind, identifier: str) -> DisplaySetting:
    """Return a setting the caller may see, by identifier or number; raise `Unauthenticated` or `NotFound`."""
    caller, usable = library.require_usable(token)
    found = (
        _by_number(library, kind, identifier) if _is_number(identifier) else _by_id(library, kind, identifier)
    )
    if found is None or not _is_seen(library, caller, usable, found):
        raise NotFound(f"{kind.value} {identifier} does not exist")
    return found


def require_owner(library: Library, token: str | None, kind: SettingKind, identifier: str) -> DisplaySetting:
    """Return a setting the caller may change; raise like `find_setting`, and `Forbidden`."""
    found = find_setting(library, token, kind, identifier)
    if kind in _ADMINISTRATORS_ONLY:
        require_administrator(library, token)
    else:
        require_maker_of(library, token, found.creator.id)
    return found


def change_setting(library: Library, setting: DisplaySetting, sent: SentSetting) -> DisplaySetting:
    """Replace what is said of a setting.

    Raises
    ------
    Invalid
        It names what is not there.
    Conflict
        It is a protocol whose viewports would not be those that archives say what to show in any more.
    """
    refers = _references(library, sent)
    _require_fitting(library, setting, sent)
    content, now = _kept(library, setting.id, sent), library.clock.now()

    def apply(present: DisplaySetting) -> None:
        present.title, present.description = sent.title, sent.description
        present.keep(content, refers, at=now)

    return library.display_settings.change(setting.id, apply)


def delete_setting(library: Library, setting: DisplaySetting) -> None:
    """Delete a setting.

    Raises
    ------
    Conflict
        An archive or another setting uses it.
    """
    archives = library.archives.count({"shown_with": setting.id, "deleted": False})
    settings = library.display_settings.count({"refers": setting.id})
    if archives or settings:
        raise Conflict(f"It is used by {_users(archives, settings)}.")
    library.display_settings.delete(setting.id)


def _users(archives: int, settings: int) -> str:
    """Tell how many use a setting, as `1 archive and 2 other settings`."""
    counts = {"archive": archives, "other setting": settings}
    return " and ".join(
        f"{count} {name}{'' if count == 1 else 's'}" for name, count in counts.items() if count
    )


def read_viewer_logo(
    library: Library, token: str | None, identifier: str, *, name: str, width_px: int | None
) -> bytes:
    """Return the logo of a viewer the caller may see; only the present one is there."""
    viewer = find_setting(library, token, SettingKind.VIEWER, identifier)
    if not name or name != viewer.content.get("logo"):
        raise NotFound(f"viewer {identifier} has no logo {name}")
    return library.media_blobs.read(picture_key(VIEWER_LOGO.folder, viewer.id, name, width_px))


def settings_named(library: Library, identifiers: set[str]) -> dict[str, DisplaySetting]:
    """Return those of the settings that exist, by identifier, whoever may see them."""
    wanted = sorted(identifiers - {""})
    if not wanted:
        return {}
    return {each.id: each for each in library.display_settings.find({"_id": one_of(wanted)})}


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()  # there are other digits, of which int() makes no number


def _by_id(library: Library, kind: SettingKind, identifier: str) -> DisplaySetting | None:
    found = library.display_settings.get(identifier)
    return found if found is not None and found.kind is kind else None


def _by_number(library: Library, kind: SettingKind, number: str) -> DisplaySetting | None:
    if len(number) > _LONGEST_NUMBER:
        return None
    return next(
        iter(library.display_settings.find({"kind": kind.value, "number": int(number)}, limit=1)), None
    )


def _is_seen(library: Library, caller: Caller, usable: Usable, setting: DisplaySetting) -> bool:
    if setting.is_public or caller.administrator:
        return True
    if caller.everywhere and (setting.creator.id == caller.id or caller.username in setting.users):
        return True
    given = library.archives.find({"shown_with": setting.id, "deleted": False})
    return any(usable.includes(archive.id) for archive in given)


def _kept(library: Library, identifier: str, sent: SentSetting) -> dict[str, Any]:
    """Return the content of a setting to be stored: of a logo that was sent, its name."""
    content, logo = dict(sent.content), sent.content.get("logo")
    if isinstance(logo, bytes):
        content["logo"] = keep_picture(library, identifier, VIEWER_LOGO, logo)
    return content


def _references(library: Library, sent: SentSetting) -> list[str]:
    """Return the identifiers of all settings that are named; raise `Invalid` naming those that are not there."""
    found, errors = [], {}
    for name, (kind, wanted) in sent.refers.items():
        for each in wanted:
            setting = (
                _by_number(library, kind, str(each)) if isinstance(each, int) else _by_id(library, kind, each)
            )
            if setting is None:
                errors[name] = [f"There is no {kind.value} {each}."]
            else:
                found.append(setting.id)
    if errors:
        raise Invalid(errors)
    return found


def _require_fitting(library: Library, setting: DisplaySetting, sent: SentSetting) -> None:
    if setting.kind is not SettingKind.PROTOCOL:
        return
    if viewport_names(sent.content["json"]) == viewport_names(setting.content["json"]):
        return
    using = library.archives.find({"shown_with": setting.id, "deleted": False})
    if any(each.settings.view_content and each.settings.hanging_protocol == setting.id for each in using):
        raise Conflict(
            "Archives say what to show in its viewports; those cannot be others. Make another protocol."
        )


def _next_number(library: Library, kind: SettingKind) -> int:
    last = library.display_settings.find({"kind": kind.value}, sort=[("number", -1)], limit=1)
    return last[0].number + 1 if last else 1
