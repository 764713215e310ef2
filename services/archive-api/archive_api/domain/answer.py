"""What clients were answered to a POST they may repeat."""

from dataclasses import dataclass
from datetime import datetime

from archive_shared.documents import Aggregate, Collection


@dataclass(kw_only=True)
class Answer(Aggregate):
    """What somebody was answered to a POST; its identifier follows from them and their key.

    Parameters
    ----------
    request
        Digest of what they asked.
    status, text
        The answer; 0 while it is not known.
    """

    request: str
    status: int = 0
    text: str = ""
    created_at: datetime


ANSWERS = Collection("answers", fields={"created_at": "created_at"}, indexes=[("created_at",)])
