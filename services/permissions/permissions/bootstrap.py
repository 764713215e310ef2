"""Puts permissions together: the only place that knows which adapters it runs on."""

from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

import structlog

from archive_shared.clock import Clock, SystemClock
from archive_shared.documents import Collection, Documents, Repository
from archive_shared.documents.connect import connect_documents
from archive_shared.idempotency import ANSWERS, answer_book
from archive_shared.outbox.lease import LEASES
from permissions.adapters.argon2_passwords import Argon2Passwords
from permissions.adapters.oidc import ProviderKeys, ProviderTokens, fetching_keys
from permissions.adapters.sealed_answers import SealedAnswers
from permissions.adapters.smtp_mail import SmtpMail
from permissions.domain.account import ACCOUNTS, Account
from permissions.domain.act import TRAIL, Audited, FiledAct
from permissions.domain.admission import ADMISSIONS, Admission
from permissions.domain.guessing import PLACES, Place
from permissions.domain.notification import NOTIFICATIONS, Notification
from permissions.domain.organisation import ORGANISATIONS, Organisation
from permissions.domain.request import REQUESTS, AccessRequest
from permissions.domain.roster import ROSTERS, Roster
from permissions.domain.token import TOKENS, Token
from permissions.domain.user import USERS, Creators, User
from permissions.settings import Settings
from permissions.use_cases.directory import Directory, Passwords, Rules, Verify
from permissions.use_cases.ledger import Ledger
from permissions.use_cases.notify import Notifier
from permissions.use_cases.trail import Trail

A = TypeVar("A", bound=Audited)

log = structlog.get_logger()

NAME = "permissions"
COLLECTIONS = (
    USERS,
    TOKENS,
    ACCOUNTS,
    PLACES,
    ROSTERS,
    ADMISSIONS,
    REQUESTS,
    ORGANISATIONS,
    NOTIFICATIONS,
    TRAIL,
    ANSWERS,
    LEASES,
)
ANNOUNCING = (ROSTERS.name, TOKENS.name, USERS.name, REQUESTS.name)


@dataclass(frozen=True)
class Permissions:
    """The assembled service."""

    documents: Documents
    directory: Directory


def bootstrap(settings: Settings) -> Permissions:
    """Connect to the document store and build the directory on it."""
    documents = connect_documents(settings.platform.documents_url, NAME, COLLECTIONS)
    return over(documents, settings)


def over(
    documents: Documents,
    settings: Settings,
    *,
    clock: Clock | None = None,
    passwords: Passwords | None = None,
    verify: Verify | None = None,
) -> Permissions:
    """Build the service on a document store that is already there, with other parts where they are given."""
    clock = clock or SystemClock()
    rules = _rules(settings)

    def repository(collection: Collection, kind: type[A]) -> Repository[A]:
        return Repository(documents, collection.name, kind, source=NAME, clock=clock)

    users, rosters = repository(USERS, User), repository(ROSTERS, Roster)
    notifications = Repository(documents, NOTIFICATIONS.name, Notification, source=NAME, clock=clock)
    lines = Repository(documents, TRAIL.name, FiledAct, source=NAME, clock=clock)
    notifier = Notifier(notifications, users, rosters, sends_mail=rules.sends_mail)
    trail = Trail(lines, clock, also=notifier.hear, delayed=_say_delayed)
    directory = Directory(
        users=Ledger(users, trail),
        tokens=Ledger(repository(TOKENS, Token), trail),
        rosters=Ledger(rosters, trail),
        requests=Ledger(repository(REQUESTS, AccessRequest), trail),
        admissions=Ledger(repository(ADMISSIONS, Admission), trail),
        organisations=Ledger(repository(ORGANISATIONS, Organisation), trail),
        accounts=Ledger(repository(ACCOUNTS, Account), trail),
        places=Repository(documents, PLACES.name, Place, source=NAME, clock=clock),
        notifications=notifications,
        answers=answer_book(
            documents, source=NAME, clock=clock, seal=SealedAnswers(settings.platform.secret)
        ),
        trail=trail,
        clock=clock,
        passwords=passwords or Argon2Passwords(),
        verify=verify or _verify(settings),
        rules=rules,
    )
    return Permissions(documents, directory)


def post(settings: Settings) -> SmtpMail | None:
    """Return what takes e-mail, None if nothing does."""
    return SmtpMail(settings.smtp_url, settings.mail_from) if settings.smtp_url else None


def _say_delayed(identifier: str) -> None:
    log.warning("act waits to be filed", document=identifier)


def _rules(settings: Settings) -> Rules:
    return Rules(
        archive_creators=Creators(settings.archive_creators),
        cool_down=timedelta(days=settings.ask_again_after_days),
        session_lifetime=timedelta(hours=settings.session_hours),
        sends_mail=bool(settings.smtp_url),
    )


def _verify(settings: Settings) -> Verify | None:
    if not settings.oidc_issuer:
        return None
    keys = ProviderKeys(fetching_keys(settings.oidc_jwks_url))
    return ProviderTokens(keys, issuer=settings.oidc_issuer, audience=settings.oidc_audience)
