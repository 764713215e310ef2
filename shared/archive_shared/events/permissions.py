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


@dataclass(frozen=True, kw_only=True)
class AccessRequested(Event):
    """Somebody asks for a role on an archive, and its editors have to decide."""

    TYPE: ClassVar[str] = "archive.access.requested.v1"
    SUBJECT: ClassVar[str] = "request"

    request: str
    archive: str
    user: str


@dataclass(frozen=True, kw_only=True)
class AccessAccepted(Event):
    """A request for access was accepted, by an editor or by the rule of the archive."""

    TYPE: ClassVar[str] = "archive.access.accepted.v1"
    SUBJECT: ClassVar[str] = "request"

    request: str
    archive: str
    user: str
    accepted_by: str


@dataclass(frozen=True, kw_only=True)
class AccessRejected(Event):
    """A request for access was rejected."""

    TYPE: ClassVar[str] = "archive.access.rejected.v1"
    SUBJECT: ClassVar[str] = "request"

    request: str
    archive: str
    user: str
    rejected_by: str


@dataclass(frozen=True, kw_only=True)
class TokenRevoked(Event):
    """A token, or the session of a page, is no longer good."""

    TYPE: ClassVar[str] = "archive.token.revoked.v1"
    SUBJECT: ClassVar[str] = "token"

    token: str
    user: str
    revoked_by: str


@dataclass(frozen=True, kw_only=True)
class UserVerified(Event):
    """An administrator vouches for who somebody is, or does no longer."""

    TYPE: ClassVar[str] = "archive.user.verified.v1"
    SUBJECT: ClassVar[str] = "user"

    user: str
    verified: bool
    verified_by: str


@dataclass(frozen=True, kw_only=True)
class UserChanged(Event):
    """Somebody may sign in no longer, or again; became an administrator, or is none any more."""

    TYPE: ClassVar[str] = "archive.user.changed.v1"
    SUBJECT: ClassVar[str] = "user"

    user: str
    active: bool
    administrator: bool
    changed_by: str


CHANGES_STANDING = (RoleGranted, RoleRevoked, TokenRevoked, UserChanged, UserVerified)
"""After any of these its `user` may be allowed other things than before."""
