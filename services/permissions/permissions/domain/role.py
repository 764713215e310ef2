"""Roles on an archive and what each allows; the one table every decision comes from."""

from collections.abc import Collection, Mapping
from enum import StrEnum

from archive_shared.access import Action


class Role(StrEnum):
    """What somebody is to an archive. The same person may hold several."""

    EDITOR = "editor"
    UPLOADER = "uploader"
    USER = "user"


_LOOK = frozenset({Action.VIEW_ARCHIVE, Action.USE_ARCHIVE})
_ADD = _LOOK | {Action.UPLOAD}

ALLOWED: Mapping[Role, frozenset[Action]] = {
    Role.USER: _LOOK,
    Role.UPLOADER: _ADD,
    Role.EDITOR: _ADD | {Action.CHANGE_ARCHIVE},
}
OPEN_TO_ALL_IF_PUBLIC = frozenset({Action.VIEW_ARCHIVE})
READING = _LOOK | {Action.HEAR_EVERYTHING}
"""What a token that is for reading only is good for."""


def allowed(roles: Collection[Role]) -> frozenset[Action]:
    """Return everything that any of the roles allows."""
    return frozenset[Action]().union(*(ALLOWED[role] for role in roles))
