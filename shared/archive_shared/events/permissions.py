"""What permissions says."""

from dataclasses import dataclass
from typing import ClassVar

from archive_shared.events.base import Event


@dataclass(frozen=True, kw_only=True)
class RoleGranted(Event):
    """Somebody got a role on an archive."""

    TYPE: ClassVar[str] = "archive.role.granted.v1"
    SUBJECT: ClassVar[str] = "archive"

    archive: str
    user: str
    role: str
    granted_by: str


@dataclass(frozen=True, kw_only=True)
class RoleRevoked(Event):
    """Somebody lost a role on an archive."""

    TYPE: ClassVar[str] = "archive.role.revoked.v1"
    SUBJECT: ClassVar[str] = "archive"

    archive: str
    user: str
    role: str
    revoked_by: str
