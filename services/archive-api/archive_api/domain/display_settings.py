"""Display settings: viewers, their configurations, hanging protocols, and the window presets and colour tables those use."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from archive_api.domain.history import Actor
from archive_api.domain.value import canonical_json
from archive_shared.documents import Aggregate, Collection


class SettingKind(StrEnum):
    """What there is to choose from when items are shown."""

    VIEWER = "viewer"
    CONFIGURATION = "configuration"
    PROTOCOL = "hanging protocol"
    PRESET = "window preset"
    COLOURS = "look-up table"


@dataclass(kw_only=True)
class DisplaySetting(Aggregate):
    """One thing to choose.

    Parameters
    ----------
    slug
        Its name in addresses; unique among its kind, never changed.
    number
        Its identifier as a whole number, which the public client's wire format asks for in places.
    creator
        May change it, as administrators may.
    content_text
        What is particular to its kind, as JSON text; checked when it was stored.
    refers
        Identifiers of the settings its content names, as a list that can be searched.
    """

    kind: SettingKind
    slug: str
    number: int
    title: str
    description: str
    creator: Actor
    content_text: str = "{}"
    refers: list[str] = field(default_factory=list)
    created_at: datetime
    modified_at: datetime

    @property
    def content(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.content_text)
        return found

    @property
    def is_public(self) -> bool:
        """Tell whether everybody who is signed in may see it; a viewer may be for some only."""
        return bool(self.content.get("public", True))

    @property
    def users(self) -> list[str]:
        """Return the usernames of the people who may use it while it is not for everybody."""
        found: list[str] = self.content.get("users", [])
        return found

    def keep(self, content: dict[str, Any], refers: list[str], *, at: datetime) -> None:
        """Take over what is particular to its kind."""
        self.content_text, self.refers, self.modified_at = canonical_json(content), sorted(set(refers)), at


DISPLAY_SETTINGS = Collection(
    "display_settings",
    fields={"kind": "kind", "slug": "slug", "number": "number", "created_at": "created_at"},
    lists={"refers": "refers"},
    unique=[("kind", "slug"), ("kind", "number")],
    indexes=[("kind", "created_at", "_id")],
)
