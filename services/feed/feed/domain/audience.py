"""Who may hear of an event: THE table, one row per type. What has no row is for administrators only.

An audience is written beside the event when it is stored, and compared with what the reader may do *now*, each time
it is read or delivered. So somebody who loses a role loses the past too, and somebody who gets one gets it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Data = Mapping[str, Any]


@dataclass(frozen=True)
class Audience:
    """Anybody who meets one of these conditions may hear; administrators always may.

    Parameters
    ----------
    members
        Archives: whoever may use the data of one of them (any role). A card that is public is not enough, because
        events tell more than a card.
    editors
        Archives: whoever may change one of them.
    people
        Users, by identifier.
    within
        Archives that what is for these people belongs to. With a token for some archives only they hear of it if that is good
        for one of these; of what belongs to no archive they do not.
    """

    members: tuple[str, ...] = ()
    editors: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    within: tuple[str, ...] = ()

    def concerns(self, archive: str) -> bool:
        """Tell whether the event is about this archive, for those who ask for one archive only."""
        return archive in self.members or archive in self.editors


NOBODY = Audience()
Known = Callable[[str, str], Audience]
"""The audience of a thing heard of before, by its kind and identifier."""
Rule = Callable[[Data, Known], Audience]


def _members(data: Data, known: Known) -> Audience:
    """Whoever may use the archive."""
    return Audience(members=(data["archive"],))


def _creator(data: Data, known: Known) -> Audience:
    """Whoever started it: nobody else can see uploads and sessions."""
    archive = data.get("archive")
    return Audience(people=(data["creator"],), within=(archive,) if archive else ())


def _importers(data: Data, known: Known) -> Audience:
    """The uploader, and whoever may use the archive it was uploaded for."""
    archive = data["archive"]
    return Audience(members=(archive,) if archive else (), people=(data["creator"],))


def _editors_and_person(data: Data, known: Known) -> Audience:
    """The editors, who manage members, and the person it is about."""
    return Audience(editors=(data["archive"],), people=(data["user"],), within=(data["archive"],))


def _person(data: Data, known: Known) -> Audience:
    """The person it is about."""
    return Audience(people=(data["user"],))


def _of_session(data: Data, known: Known) -> Audience:
    return known("session", data["session"])


def _of_image(data: Data, known: Known) -> Audience:
    """Whoever may see the image: see `feed.domain.whereabouts`."""
    return known("image", data["image"])


def _administrators(data: Data, known: Known) -> Audience:
    """Nobody else: it is about how the platform works inside."""
    return NOBODY


RULES: Mapping[str, Rule] = {
    "archive.archive.created.v1": _members,
    "archive.archive.updated.v1": _members,
    "archive.archive.deleted.v1": _members,
    "archive.item.created.v1": _members,
    "archive.item.ready.v1": _members,
    "archive.item.updated.v1": _members,
    "archive.item.value_added.v1": _members,
    "archive.item.value_replaced.v1": _members,
    "archive.item.value_removed.v1": _members,
    "archive.item.deleted.v1": _members,
    "archive.item.restored.v1": _members,
    "archive.item.moved.v1": _members,
    "archive.upload.completed.v1": _creator,
    "archive.session.started.v1": _creator,
    "archive.session.succeeded.v1": _creator,
    "archive.session.failed.v1": _creator,
    "archive.file.rejected.v1": _of_session,
    "archive.image.imported.v1": _importers,
    "archive.preview.ready.v1": _of_image,
    "archive.tiles.ready.v1": _of_image,
    "archive.tiles.failed.v1": _of_image,
    "archive.slide.viewable.v1": _of_image,
    "archive.slide.complete.v1": _of_image,
    "archive.image.deleted.v1": _of_image,
    "archive.role.granted.v1": _editors_and_person,
    "archive.role.revoked.v1": _editors_and_person,
    "archive.access.requested.v1": _editors_and_person,
    "archive.access.accepted.v1": _editors_and_person,
    "archive.access.rejected.v1": _editors_and_person,
    "archive.token.revoked.v1": _person,
    "archive.user.verified.v1": _person,
    "archive.user.changed.v1": _person,
    "archive.task.due.v1": _administrators,
}


def audience_of(type: str, data: Data, known: Known) -> Audience:
    """Return who may hear of an event; nobody (but administrators) unless a rule says so."""
    rule = RULES.get(type)
    return NOBODY if rule is None else rule(data, known)


def told(data: Data) -> dict[str, Any]:
    """Return what is told outside: everything but who the patient is.

    Feeds are copied and webhooks leave the platform. Whoever needs the patient asks for the image, with their rights
    of that moment. The fields stay, blank, so that the event still meets its schema.
    """
    if (
        "previous_archive" in data
    ):  # whoever sees where an item is need not know that the other archive exists
        data = {**data, "previous_archive": ""}
    description = data.get("description")
    if not isinstance(description, Mapping):
        return dict(data)
    blank = {
        name: "" if isinstance(value, str) and not name.endswith("_date") else None
        for name, value in description.items()
        if name.startswith("patient_")
    }
    return {**data, "description": {**description, **blank}}
