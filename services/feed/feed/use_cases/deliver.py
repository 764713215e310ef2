"""Calls webhooks: one attempt of one delivery, from claiming it to writing down how it ended."""

import json
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from archive_shared.clock import Clock, to_text
from archive_shared.documents import Repository, Where, at_least, at_most
from archive_shared.errors import Duplicate, NotFound, Stale, Unauthenticated, Unavailable
from archive_shared.jobs.job import JobState, NotClaimable
from archive_shared.tracing import traced
from feed.domain.delivery import Attempt, Delivery
from feed.domain.problems import Undelivered
from feed.domain.sight import Ask, sight
from feed.domain.signature import signature_headers
from feed.domain.webhook import Webhook
from feed.use_cases.queue_deliveries import OWNER_IS_GONE
from feed.use_cases.read_feed import Reader

CONTENT_TYPE = "application/cloudevents+json"
USER_AGENT = "archive-platform-webhooks/1"
MOST_LISTED = 1000
LOOK_AGAIN_S = 3600.0  # at deliveries of stopped webhooks; making one active again does not wait for it
RIGHTS_UNKNOWN_AFTER_S = 5.0
GONE = 410


class Post(Protocol):
    """Sends one request and tells the status of the answer."""

    def __call__(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        """Raise `Undelivered` when there is no answer, or the address must not be called."""
        ...


@dataclass(frozen=True)
class _Dropped(Exception):
    """The delivery is not to be made; the reason is for the webhook's owner."""

    reason: str


class Deliverer:
    """Makes deliveries; several may, each delivery is claimed with a lease and an epoch.

    At least once: who dies between the receiver's answer and writing it down leaves a lease that runs out, and the call
    is made again under the same identifier.

    Parameters
    ----------
    ask_about
        Asks permissions about a user.
    lease_s
        Longer than any call can take.
    """

    def __init__(
        self,
        webhooks: Repository[Webhook],
        deliveries: Repository[Delivery],
        reader: Reader,
        *,
        ask_about: Callable[[str], Ask],
        post: Post,
        clock: Clock,
        owner: str,
        lease_s: float,
    ) -> None:
        self._webhooks = webhooks
        self._deliveries = deliveries
        self._reader = reader
        self._ask_about = ask_about
        self._post = post
        self._clock = clock
        self._owner = owner
        self._lease_s = lease_s

    def due(self, *, busy: Collection[str] = ()) -> list[Delivery]:
        """Return the delivery to be made next of every webhook that has one due, but for the busy ones.

        First the one whose worker died, which keeps all others of its webhook waiting; then in the order of the feed.
        """
        now = to_text(self._clock.now())
        found = self._deliveries.find({"hint_at": at_most(now)}, sort=[("hint_at", 1)], limit=MOST_LISTED)
        first: dict[str, Delivery] = {}
        for delivery in sorted(found, key=lambda each: (each.in_flight is None, each.position or 0)):
            if delivery.webhook not in busy:
                first.setdefault(delivery.webhook, delivery)
        return list(first.values())

    def attempt(self, identifier: str) -> Attempt | None:
        """Claim a delivery, make one attempt and return it.

        None when nothing was sent: somebody else is at it or at its webhook, or it is not to be sent (now).

        Raises
        ------
        FencedOff, NotFound
            Meanwhile it became somebody else's, or was deleted; how it ended for us does not count.
        Unavailable, Stale
            The document store does not answer; the lease sees to it that somebody tries again.
        """
        held = self._claim(identifier)
        if held is None:
            return None
        with traced(held.job.traceparent):
            return self._make(held)

    def _claim(self, identifier: str) -> Delivery | None:
        now = self._clock.now()
        try:
            return self._deliveries.change(
                identifier, lambda each: each.take(now, owner=self._owner, lease_s=self._lease_s)
            )
        except (NotClaimable, Duplicate, NotFound, Stale):  # taken; its webhook is being called; gone
            return None

    def _make(self, held: Delivery) -> Attempt | None:
        webhook = self._webhooks.get(held.webhook)
        if webhook is None:
            self._deliveries.delete(held.id)
        elif not (webhook.active or held.is_test):
            self._put_off(held, "The webhook is stopped.", after_s=LOOK_AGAIN_S)
        else:
            return self._send(held, webhook)
        return None

    def _send(self, held: Delivery, webhook: Webhook) -> Attempt | None:
        try:
            event = self._event(held, webhook)
        except _Dropped as dropped:
            now, reason = self._clock.now(), dropped.reason
            self._settle(held, lambda each: each.drop(now, reason, held=held.job))
        except Unavailable:
            self._put_off(held, "Permissions does not answer.", after_s=RIGHTS_UNKNOWN_AFTER_S)
        else:
            attempt = self._call(held, webhook, event)
            self._note(held, webhook, attempt)
            return attempt
        return None

    def _event(self, held: Delivery, webhook: Webhook) -> dict[str, Any]:
        """Return what is to be sent, if the owner may see it at this moment."""
        if held.position is None:
            return self._test_event(held)
        entry = self._reader.get(held.position)
        if entry is None or entry.event != held.event:
            raise _Dropped("The event is no longer kept.")
        if webhook.archive is not None and not entry.audience.concerns(webhook.archive):
            # Else whoever may change webhooks about one archive only could have older events sent elsewhere.
            raise _Dropped("The webhook is about another archive by now.")
        try:
            seen = sight(self._ask_about(webhook.owner), [entry.audience])
        except Unauthenticated as error:
            self._stop(webhook, OWNER_IS_GONE)
            raise _Dropped(OWNER_IS_GONE) from error
        if not seen.reaches(entry.audience):
            raise _Dropped("The owner may not see this event any more.")
        return entry.cloud_event()

    def _test_event(self, held: Delivery) -> dict[str, Any]:
        return {
            "specversion": "1.0",
            "id": held.event,
            "type": held.type,
            "source": "feed",
            "subject": held.webhook,
            "time": to_text(held.created_at),
            "datacontenttype": "application/json",
            "data": {"webhook": held.webhook},
        }

    def _call(self, held: Delivery, webhook: Webhook, event: Mapping[str, Any]) -> Attempt:
        at, began_s = self._clock.now(), time.monotonic()
        body = json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()
        signature = signature_headers(
            webhook.signing_secrets(at), message=held.event, timestamp_s=int(at.timestamp()), body=body
        )
        status, reason = None, ""
        try:
            headers = {"content-type": CONTENT_TYPE, "user-agent": USER_AGENT, **signature}
            status = self._post(webhook.url, headers, body)
        except Undelivered as error:
            reason = str(error)
        duration_ms = round((time.monotonic() - began_s) * 1000)
        attempt = Attempt(at=at, duration_ms=duration_ms, status=status, reason=reason)
        if status is not None and not attempt.succeeded:
            attempt = Attempt(at=at, duration_ms=duration_ms, status=status, reason=_explain(status))
        return attempt

    def _note(self, held: Delivery, webhook: Webhook, attempt: Attempt) -> None:
        noted = self._settle(held, lambda each: each.note(attempt, held=held.job))
        if held.is_test:
            return
        if attempt.status == GONE:
            self._stop(webhook, "The receiver answered 410: it does not want to be called any more.")
        elif noted.job.state is JobState.FAILED and not self._worked_since(noted):
            self._stop(webhook, f"Nothing arrived for a day. The last attempt: {attempt.reason}")

    def _worked_since(self, failed: Delivery) -> bool:
        """Tell whether any other delivery arrived while this one was tried."""
        arrived: Where = {
            "webhook": failed.webhook,
            "job_state": JobState.DONE.value,
            "ended_at": at_least(to_text(failed.created_at)),
        }
        return bool(self._deliveries.find(arrived, limit=1))

    def _put_off(self, held: Delivery, reason: str, *, after_s: float) -> None:
        now = self._clock.now()
        self._settle(held, lambda each: each.put_off(now, reason, after_s=after_s, held=held.job))

    def _settle(self, held: Delivery, step: Callable[[Delivery], None]) -> Delivery:
        return self._deliveries.change(held.id, step)

    def _stop(self, webhook: Webhook, reason: str) -> None:
        self._webhooks.change(webhook.id, lambda each: each.stop(reason))


def _explain(status: int) -> str:
    if 300 <= status < 400:
        return f"The receiver answered {status}; redirects are not followed."
    return f"The receiver answered {status}."
