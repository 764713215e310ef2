"""What can go wrong on the bus, apart from its not answering (`Unavailable`)."""

from archive_shared.errors import ArchiveSystemError


class Unroutable(ArchiveSystemError):
    """No queue wants the message; it was not published."""


class TooMuchPoison(ArchiveSystemError):
    """So many messages in a row could not be handled that the code must be broken, not the messages."""
