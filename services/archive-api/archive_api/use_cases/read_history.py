"""Tells who changed an item when, and nothing of where it was before that they may not see who read it."""

from collections.abc import Iterable
from dataclasses import replace

from archive_api.domain.history import Change
from archive_api.domain.item import COPIED, MOVED
from archive_api.use_cases.browse_items import find_item
from archive_api.use_cases.library import Library
from archive_shared.access import Action, Question
from archive_shared.errors import NotFound

_ELSEWHERE = {"moved": (MOVED, "another archive"), "created": (COPIED, "another item")}


def read_history(library: Library, token: str | None, identifier: str) -> list[Change]:
    """Return the changes of an item, the oldest first, to those who may edit it.

    An archive it was moved from, and an item it is a copy of, are named to those who may see them alone: who has the
    identifier of a private archive is told its title.
    """
    item = find_item(library, token, identifier, Action.UPLOAD)
    named = {each.detail.removeprefix(MOVED) for each in item.history if each.action == "moved"}
    seen = _usable(library, token, named) | _seen_items(library, token, item.origin)
    return [_as_seen(change, seen) for change in item.history]


def _as_seen(change: Change, seen: set[str]) -> Change:
    words, instead = _ELSEWHERE.get(change.action, ("", ""))
    if not (words and change.detail) or change.detail.removeprefix(words) in seen:
        return change
    return replace(change, detail=f"{words}{instead}")


def _usable(library: Library, token: str | None, archives: Iterable[str]) -> set[str]:
    questions = [Question(Action.USE_ARCHIVE, archive) for archive in sorted(archives)]
    if not questions:
        return set()
    allowed = library.access.ask(token, questions).allowed
    return {each.archive for each, yes in zip(questions, allowed, strict=True) if yes and each.archive}


def _seen_items(library: Library, token: str | None, origin: str) -> set[str]:
    if not origin:
        return set()
    try:
        return {find_item(library, token, origin, Action.USE_ARCHIVE).id}
    except NotFound:
        return set()
