"""Puts permissions together: the only place that knows which adapters it runs on."""

from dataclasses import dataclass

from archive_shared.clock import SystemClock
from archive_shared.documents import Documents, Repository
from archive_shared.documents.connect import connect_documents
from archive_shared.outbox.lease import LEASES
from permissions.domain.roster import ROSTERS, Roster
from permissions.domain.token import TOKENS, Token
from permissions.domain.user import USERS, User
from permissions.settings import Settings
from permissions.use_cases.directory import Directory

NAME = "permissions"
COLLECTIONS = (USERS, TOKENS, ROSTERS, LEASES)
ANNOUNCING = (ROSTERS.name,)


@dataclass(frozen=True)
class Permissions:
    """The assembled service."""

    documents: Documents
    directory: Directory


def bootstrap(settings: Settings) -> Permissions:
    """Connect to the document store and build the directory on it."""
    documents = connect_documents(settings.platform.documents_url, NAME, COLLECTIONS)
    return over(documents, settings)


def over(documents: Documents, settings: Settings) -> Permissions:
    """Build the service on a document store that is already there."""
    clock = SystemClock()
    directory = Directory(
        users=Repository(documents, USERS.name, User, source=NAME, clock=clock),
        tokens=Repository(documents, TOKENS.name, Token, source=NAME, clock=clock),
        rosters=Repository(documents, ROSTERS.name, Roster, source=NAME, clock=clock),
        clock=clock,
        everybody_creates_archives=settings.everybody_creates_archives,
    )
    return Permissions(documents, directory)
