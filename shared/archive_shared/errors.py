"""The errors every service speaks; adapters translate drivers' errors into these, one table turns them into HTTP.

ArchiveSystemError
├── Invalid           what was sent is wrong; names the fields
├── Unauthenticated   nobody we know
├── TooManyAttempts   guessing is slowed down; try again later
├── Forbidden         known and may see it, but may not do that
├── NotFound          does not exist, or may not be seen
├── Conflict          does not fit the present state
│   ├── Duplicate     a key that must be unique is taken
│   └── Stale         somebody else changed it in between
├── Outdated          the caller knows an older version than there is
├── VersionRequired   the caller must say which version they know
└── Unavailable       a part we depend on does not answer; try again
"""

from collections.abc import Mapping, Sequence


class ArchiveSystemError(Exception):
    """Root of all errors raised on purpose by the platform."""


class Invalid(ArchiveSystemError):
    """The request or file is wrong in a way its sender can mend.

    Parameters
    ----------
    errors
        Reasons by field name; the empty name stands for the thing as a whole.
    """

    def __init__(self, errors: Mapping[str, Sequence[str]]) -> None:
        super().__init__("; ".join(f"{field}: {' '.join(reasons)}" for field, reasons in errors.items()))
        self.errors = {field: list(reasons) for field, reasons in errors.items()}


class Unauthenticated(ArchiveSystemError):
    """Nobody we know: no token, or one that is wrong, expired or revoked."""


class TooManyAttempts(ArchiveSystemError):
    """Somebody tried too often; `retry_after_s` says how long to wait."""

    def __init__(self, text: str, *, retry_after_s: float) -> None:
        super().__init__(text)
        self.retry_after_s = retry_after_s


class Forbidden(ArchiveSystemError):
    """The caller may see the thing but may not do this to it."""


class NotFound(ArchiveSystemError):
    """The thing does not exist, or must look as if it did not."""


class Conflict(ArchiveSystemError):
    """The request does not fit the present state of the thing."""


class Duplicate(Conflict):
    """A key that must be unique is already taken."""


class Stale(Conflict):
    """The document was changed by somebody else since it was read."""


class KeyReused(ArchiveSystemError):
    """The key of a request that may be repeated was used for another request."""


class Outdated(ArchiveSystemError):
    """The caller's change was meant for an older version (RFC 9110 section 13.1.1)."""


class VersionRequired(ArchiveSystemError):
    """The caller must say which version the change is meant for (RFC 6585 section 3)."""


class Unavailable(ArchiveSystemError):
    """A part the answer depends on does not respond; what was asked was done wholly or not at all."""
