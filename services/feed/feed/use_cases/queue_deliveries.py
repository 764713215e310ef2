"""Looks through the feed for every webhook, as its owner would, and queues what is to be sent."""

import time
from collections.abc import Callable
from contextlib import suppress

from archive_shared.clock import Clock
from archive_shared.documents import Repository, less_than, one_of
from archive_shared.errors import Duplicate, NotFound, Unauthenticated
from archive_shared.identifiers import derived_id
from archive_shared.jobs.job import Job
from feed.domain.delivery import OPEN, Delivery
from feed.domain.entry import Entry
from feed.domain.problems import NoLongerKept
from feed.domain.sight import Ask
from feed.domain.webhook import Webhook
from feed.use_cases.read_feed import Reader

MOST_OPEN = 10
"""Deliveries of one webhook that may wait at a time. The rest waits in the feed: a receiver that is away for
hours costs ten calls per pause, and gets everything in order when it is back."""

WRITE_EVERY = 500
"""Events without interest after which the position of a webhook is written down all the same."""

LONGEST_LOOK_S = 1.0
"""After that, calls that are due must not wait any longer for us to look for more."""

OWNER_IS_GONE = "Its owner is not known any more."


class DeliveryQueue:
    """Queues deliveries. Several may do it at a time: a delivery has an identifier that follows from webhook and event."""

    def __init__(
        self,
        webhooks: Repository[Webhook],
        deliveries: Repository[Delivery],
        reader: Reader,
        *,
        ask_about: Callable[[str], Ask],
        clock: Clock,
    ) -> None:
        self._webhooks = webhooks
        self._deliveries = deliveries
        self._reader = reader
        self._ask_about = ask_about
        self._clock = clock
        self._looked_at: dict[str, int] = {}

    def fill(self) -> int:
        """Queue what is new, for every webhook that has room; return how many deliveries were added.

        Costs one search when nothing is new, else a page of the feed per webhook. With very many webhooks it stops after a
        while and goes on the next time, where least was looked at.
        """
        newest = self._reader.newest()
        behind = self._webhooks.find({"active": True, "position": less_than(newest)})
        self._looked_at = {each.id: max(each.position, self._looked_at.get(each.id, 0)) for each in behind}
        added, until_s = 0, time.monotonic() + LONGEST_LOOK_S
        for webhook in sorted(behind, key=lambda each: self._looked_at[each.id]):
            if time.monotonic() > until_s:
                break
            added += self._fill(webhook, newest)
        return added

    def _fill(self, webhook: Webhook, newest: int) -> int:
        after = self._looked_at[webhook.id]
        room = self._room(webhook) if after < newest else 0
        if room <= 0:
            return 0
        try:
            page = self._reader.page(
                self._ask_about(webhook.owner), webhook.selection, after=after, limit=room
            )
        except Unauthenticated:
            self._change(webhook, lambda each: each.stop(OWNER_IS_GONE))
            return 0
        except NoLongerKept:  # it was stopped, or its receiver away, for longer than events are kept
            start = self._reader.start()
            self._change(webhook, lambda each: each.advance(start))
            return 0
        added = sum(self._add(webhook, entry) for entry in page.entries)
        self._looked_at[webhook.id] = page.position
        if page.entries or page.position - webhook.position >= WRITE_EVERY:
            self._change(webhook, lambda each: each.advance(page.position))
        return added

    def _room(self, webhook: Webhook) -> int:
        return MOST_OPEN - self._deliveries.count({"webhook": webhook.id, "job_state": one_of(OPEN)})

    def _add(self, webhook: Webhook, entry: Entry) -> bool:
        now = self._clock.now()
        delivery = Delivery(
            id=derived_id("delivery", webhook.id, entry.event),
            webhook=webhook.id,
            event=entry.event,
            type=entry.type,
            position=entry.position,
            created_at=now,
            job=Job.queued(now),
        )
        try:
            self._deliveries.add(delivery)
        except Duplicate:
            return False
        return True

    def _change(self, webhook: Webhook, step: Callable[[Webhook], None]) -> None:
        with suppress(NotFound):  # deleted a moment ago
            self._webhooks.change(webhook.id, step)
