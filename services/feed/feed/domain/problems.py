"""What can go wrong in ways only the feed knows."""

from archive_shared.errors import ArchiveSystemError


class NoLongerKept(ArchiveSystemError):
    """A cursor points before what is still kept, or at what this feed never held."""


class Undelivered(ArchiveSystemError):
    """A receiver was not reached, or gave no answer; the message says why, for the owner of the webhook."""
