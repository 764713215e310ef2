"""Links from other services: who refers to an archive, one of its items, or a snapshot of it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from archive_shared.documents import Aggregate, Collection


class TargetKind(StrEnum):
    """What others may refer to."""

    ARCHIVE = "archive"
    ITEM = "item"
    SNAPSHOT = "snapshot"


@dataclass(kw_only=True)
class ServiceLink(Aggregate):
    """That something of another service refers to something here.

    Parameters
    ----------
    service
        Name of the service, as it proved.
    reference
        What refers, as that service calls it; the same again, about the same target, is the same link.
    kind
        What kind of thing that is there: "evaluation", "reader study".
    title, url
        What editors see, and where they can look at it; "" for nowhere.
    archive
        The archive that is referred to, or that the item or snapshot belongs to.
    """

    service: str
    reference: str
    kind: str
    title: str
    url: str
    target_kind: TargetKind
    target: str
    archive: str
    created_at: datetime


SERVICE_LINKS = Collection(
    "service_links",
    fields={"archive": "archive", "target": "target", "created_at": "created_at"},
    indexes=[("archive", "created_at"), ("target",)],
)
