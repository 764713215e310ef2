"""What became of upload sessions from which nothing came, so that items that wait for them can say why."""

from dataclasses import dataclass

from archive_shared.documents import Aggregate, Collection


@dataclass(kw_only=True)
class SessionFailure(Aggregate):
    """An upload session without any image; its identifier is the session's.

    Parameters
    ----------
    reason
        Why its last attempt failed that was heard of; it may be tried again, and succeed.
    """

    reason: str

    def say(self, reason: str) -> None:
        self.reason = reason


SESSION_FAILURES = Collection("session_failures")
