"""The feed on a store of its own, with people, events and a worker's steps; for the tests of the feed."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any

from flask.testing import FlaskClient

from archive_shared.access import Answers, Question
from archive_shared.clock import Clock
from archive_shared.documents import Documents
from archive_shared.events import Event
from archive_shared.identifiers import new_id
from archive_shared.settings import PlatformSettings
from archive_shared.wire.cloud_events import ReceivedEvent
from feed.adapters.egress import Egress
from feed.bootstrap import Feed, Sending, deliveries_of, listener, over, sending_over, webhooks_of
from feed.domain.audience import NOBODY, Audience
from feed.domain.delivery import Delivery
from feed.domain.destination import NetworkPolicy
from feed.domain.entry import Entry
from feed.domain.sight import Ask
from feed.domain.webhook import Webhook
from feed.entrypoints.http.app import app_for
from feed.settings import Settings
from tests.support.access import RoleBook
from tests.support.archive_service import Answer
from tests.support.clocks import StoppedClock

SITE = "https://archive.test"
EVENTS = "/api/v1/events/"
WEBHOOKS = "/api/v1/webhooks/"
AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
TIMEOUT_S = 2.0


def an_entry(number: int = 0, *, type: str = "archive.item.created.v1", audience: Audience = NOBODY) -> Entry:
    return Entry(
        event=f"event-{number}",
        type=type,
        source="a-service",
        subject=f"subject-{number}",
        sequence=number,
        at=AT,
        appended_at=AT,
        audience=audience,
        data={"number": number},
    )


def received(event: Event, *, at: datetime = AT, sequence: int = 1, id: str = "") -> ReceivedEvent:
    """Return an event as it comes from the bus."""
    return ReceivedEvent(
        id=id or new_id(),
        type=event.TYPE,
        source="a-service",
        subject=event.subject,
        sequence=sequence,
        at=at,
        traceparent=None,
        event=event,
    )


class Owners:
    """Permissions as it is asked about users without their token; decides like the book."""

    def __init__(self, people: RoleBook) -> None:
        self._people = people

    def about(self, user: str) -> Ask:
        return partial(self._ask, user)

    def _ask(self, user: str, questions: Sequence[Question]) -> Answers:
        for token, person in self._people.people.items():
            if person.id == user:
                return self._people.ask(token, questions)
        return Answers(None, [False] * len(questions))


def settings_for(*, documents_url: str = "", **others: Any) -> Settings:
    platform = PlatformSettings(
        public_url=SITE,
        documents_url=documents_url,
        bus_url="",
        blobs_url="",
        secret=b"a secret of at least thirty-two bytes!",
    )
    return Settings(platform, webhook_timeout_s=TIMEOUT_S, webhook_networks=("127.0.0.0/8",), **others)


@dataclass
class FeedService:
    """The service under test, as events, readers and its worker reach it."""

    documents: Documents
    settings: Settings
    people: RoleBook
    clock: StoppedClock
    service: Feed
    http: FlaskClient
    sending: Sending
    _sequence: int = field(default=0)

    def hear(self, event: Event, *, id: str = "", sequence: int | None = None) -> str:
        """Deliver an event as the bus does; return its identifier."""
        self._sequence += 1
        heard = received(event, at=self.clock.now(), sequence=sequence or self._sequence, id=id)
        listener(self.documents, self.clock).hear(heard)
        return heard.id

    def get(self, token: str | None, query: str = "") -> Any:
        """Read the feed; fails unless the answer is a page."""
        answer = self.call("GET", f"{EVENTS}?{query}", token)
        assert answer.status_code == 200, answer.text
        return answer.json

    def heard_by(self, token: str | None, query: str = "limit=1000") -> list[str]:
        """Return the identifiers of all events a reader gets."""
        return [event["id"] for event in self.get(token, query)["events"]]

    def call(self, method: str, path: str, token: str | None = None, **content: Any) -> Answer:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return Answer(self.http.open(path.removeprefix(SITE), method=method, headers=headers, **content))

    def webhook(self, token: str, url: str, **wanted: Any) -> Any:
        answer = self.call("POST", WEBHOOKS, token, json={"url": url, **wanted})
        assert answer.status_code == 201, answer.text
        return answer.json

    def stored_webhook(self, pk: str) -> Webhook:
        return webhooks_of(self.documents, self.clock).require(pk)

    def deliveries(self, pk: str) -> list[Delivery]:
        """Return the deliveries of a webhook in the order of the feed."""
        found = deliveries_of(self.documents, self.clock).find({"webhook": pk})
        return sorted(found, key=lambda each: each.position or 0)

    def send(self) -> int:
        """Do what a worker does until nothing is due at this instant; return how many attempts were made."""
        made = 0
        while True:
            self.sending.queue.fill()
            due = self.sending.deliverer.due()
            if not due:
                return made
            made += sum(self.sending.deliverer.attempt(each.id) is not None for each in due)

    def another_worker(self) -> Sending:
        return sending_of(self.documents, self.settings, self.people, self.clock)


def sending_of(documents: Documents, settings: Settings, people: RoleBook, clock: Clock) -> Sending:
    egress = Egress(NetworkPolicy.of(settings.webhook_networks), timeout_s=settings.webhook_timeout_s)
    return sending_over(documents, settings, ask_about=Owners(people).about, egress=egress, clock=clock)


def feed_service(documents: Documents, settings: Settings | None = None) -> FeedService:
    """Build the service on a store that is already there; its clock stands still until it is moved."""
    settings = settings or settings_for()
    people, clock = RoleBook(), StoppedClock()
    egress = Egress(NetworkPolicy.of(settings.webhook_networks), timeout_s=settings.webhook_timeout_s)
    service = over(documents, settings, access=people, egress=egress, clock=clock)
    return FeedService(
        documents=documents,
        settings=settings,
        people=people,
        clock=clock,
        service=service,
        http=app_for(service, public_url=SITE).test_client(),
        sending=sending_of(documents, settings, people, clock),
    )
