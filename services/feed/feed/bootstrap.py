"""Puts the feed together: the only place that knows which adapters it runs on."""

import os
import socket
from collections.abc import Callable
from dataclasses import dataclass

import httpx2

from archive_shared.access import Access
from archive_shared.clock import Clock, SystemClock
from archive_shared.documents import Documents, Repository
from archive_shared.documents.connect import connect_documents
from archive_shared.http.client import ServiceClient
from archive_shared.http.connect_access import connect_access
from archive_shared.idempotency import ANSWERS, AnswerBook, answer_book
from archive_shared.identifiers import new_id
from archive_shared.outbox.lease import LEASES, Lease
from feed.adapters.egress import Egress
from feed.adapters.owners_client import HttpOwners
from feed.domain.delivery import DELIVERIES, Delivery
from feed.domain.destination import NetworkPolicy
from feed.domain.entry import EVENTS, SEQUENCE
from feed.domain.sight import Ask
from feed.domain.webhook import WEBHOOKS, Webhook
from feed.domain.whereabouts import WHEREABOUTS, Whereabouts
from feed.settings import Settings
from feed.use_cases.append_event import Listener, Sequencer
from feed.use_cases.deliver import Deliverer
from feed.use_cases.prune import Pruner
from feed.use_cases.queue_deliveries import DeliveryQueue
from feed.use_cases.read_feed import Reader, Waiting
from feed.use_cases.webhooks import Webhooks

NAME = "feed"
COLLECTIONS = (EVENTS, SEQUENCE, WHEREABOUTS, WEBHOOKS, DELIVERIES, ANSWERS, LEASES)
LEASE_PER_TIMEOUT = 3  # finding the host's address is not covered by the timeout
SENDING_LEASE = "webhooks"


@dataclass(frozen=True)
class Transports:
    """How other services are reached; None means over the network."""

    permissions: httpx2.BaseTransport | None = None


@dataclass(frozen=True)
class Feed:
    """The assembled service, as its HTTP surface needs it."""

    documents: Documents
    access: Access
    reader: Reader
    waiting: Waiting
    webhooks: Webhooks
    answers: AnswerBook


@dataclass(frozen=True)
class Sending:
    """What the worker works with. `lease` is for looking through the feed, which one at a time is enough for."""

    documents: Documents
    lease: Lease
    queue: DeliveryQueue
    deliverer: Deliverer
    answers: AnswerBook
    pruner: Pruner


def bootstrap(settings: Settings, *, transports: Transports | None = None) -> Feed:
    """Connect to the document store and to permissions."""
    clock, to_permissions = SystemClock(), (transports or Transports()).permissions
    access = connect_access(settings.platform, service=NAME, clock=clock, transport=to_permissions)
    return over(connect(settings), settings, access=access, egress=egress(settings), clock=clock)


def connect(settings: Settings) -> Documents:
    """Connect to the document store."""
    return connect_documents(settings.platform.documents_url, NAME, COLLECTIONS)


def egress(settings: Settings) -> Egress:
    """Return the way out to receivers; raises `ValueError` when a network the operator opens is none."""
    return Egress(NetworkPolicy.of(settings.webhook_networks), timeout_s=settings.webhook_timeout_s)


def over(documents: Documents, settings: Settings, *, access: Access, egress: Egress, clock: Clock) -> Feed:
    """Build the service on stores and peers that are already there."""
    reader = Reader(documents)
    webhooks = Webhooks(
        webhooks_of(documents, clock), deliveries_of(documents, clock), reader, access, clock, egress.check
    )
    waiting = Waiting(reader, most_waiters=settings.most_waiters)
    answers = answer_book(documents, source=NAME, clock=clock)
    return Feed(documents, access, reader, waiting, webhooks, answers)


def listener(documents: Documents, clock: Clock) -> Listener:
    """Return what hears the events of the platform."""
    whereabouts = Repository(documents, WHEREABOUTS.name, Whereabouts, source=NAME, clock=clock)
    return Listener(whereabouts, Sequencer(documents), clock)


def sending(settings: Settings, *, transports: Transports | None = None) -> Sending:
    """Return what the worker does, connected as the settings say."""
    clock = SystemClock()
    permissions = ServiceClient(
        settings.platform.permissions_url,
        service=NAME,
        secret=settings.platform.secret,
        clock=clock,
        transport=(transports or Transports()).permissions,
    )
    ask_about = HttpOwners(permissions).about
    return sending_over(
        connect(settings), settings, ask_about=ask_about, egress=egress(settings), clock=clock
    )


def sending_over(
    documents: Documents,
    settings: Settings,
    *,
    ask_about: Callable[[str], Ask],
    egress: Egress,
    clock: Clock,
) -> Sending:
    """Build the worker on stores and peers that are already there."""
    webhooks, deliveries = webhooks_of(documents, clock), deliveries_of(documents, clock)
    owner = f"{socket.gethostname()}:{os.getpid()}:{new_id()}"
    lease_s = LEASE_PER_TIMEOUT * settings.webhook_timeout_s
    reader = Reader(documents)
    return Sending(
        documents=documents,
        lease=Lease(documents, SENDING_LEASE, owner=owner, duration_s=lease_s, clock=clock),
        queue=DeliveryQueue(webhooks, deliveries, reader, ask_about=ask_about, clock=clock),
        deliverer=Deliverer(
            webhooks,
            deliveries,
            reader,
            ask_about=ask_about,
            post=egress.post,
            clock=clock,
            owner=owner,
            lease_s=lease_s,
        ),
        answers=answer_book(documents, source=NAME, clock=clock),
        pruner=Pruner(documents, clock, days=settings.days, most_events=settings.most_events),
    )


def webhooks_of(documents: Documents, clock: Clock) -> Repository[Webhook]:
    """Return the webhooks."""
    return Repository(documents, WEBHOOKS.name, Webhook, source=NAME, clock=clock)


def deliveries_of(documents: Documents, clock: Clock) -> Repository[Delivery]:
    """Return the deliveries."""
    return Repository(documents, DELIVERIES.name, Delivery, source=NAME, clock=clock)
