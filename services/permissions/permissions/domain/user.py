"""People the platform knows."""

import re
from dataclasses import dataclass
from datetime import datetime

from archive_shared.documents import Aggregate, Collection
from archive_shared.errors import Invalid

_USERNAME = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,149}")


@dataclass(kw_only=True)
class User(Aggregate):
    """Somebody who may sign in.

    Parameters
    ----------
    username
        Lower case; what others type to give this person a role.
    number
        The same person as a whole number, from 1; some clients want numbers.
    """

    username: str
    number: int
    administrator: bool
    created_at: datetime


USERS = Collection(
    "users",
    fields={"username": "username", "number": "number", "administrator": "administrator"},
    unique=[("username",), ("number",)],
    indexes=[("administrator",)],
)


def normalised_username(text: str) -> str:
    """Return the spelling a username is kept in.

    Raises
    ------
    Invalid
        It is not made of 1 to 150 letters, digits and ``._@+-``, beginning with a letter or digit.
    """
    username = text.strip().lower()
    if not _USERNAME.fullmatch(username):
        raise Invalid({"username": ["Use 1 to 150 letters, digits and . _ @ + - only."]})
    return username
