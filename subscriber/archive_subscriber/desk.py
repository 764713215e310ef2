"""What becomes of every message: handed out, put off, tried again, set aside. Lives in the courier's thread."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial

from archive_subscriber.delivery import Delivery
from archive_subscriber.event import Event, Receipt, read_event
from archive_subscriber.inbox import Inbox
from archive_subscriber.letters import send_copy, send_dead_letter
from archive_subscriber.link import Link
from archive_subscriber.patterns import Interest
from archive_subscriber.problems import Undecodable
from archive_subscriber.recent import Recent
from archive_subscriber.retries import History, Retries, backoff_s, describe, history_in

_HANDLED = 1_000
_REPLAYED = 100_000
_FIRST_TURN_S, _LONGEST_TURN_S = 1.0, 60.0

log = logging.getLogger("archive_subscriber")

Order = Callable[[], None]


class Desk:
    """Keeps order among the deliveries of one subscription, over all its connections.

    Within one process an event that the broker delivers again, because a connection broke, is not handed out again.

    Parameters
    ----------
    queue
        The service's own.
    dropped
        Types that were wanted once; what is left of them is acknowledged unseen.
    post
        Has something done in the courier's thread, soon; for receipts, which are given in another one.
    """

    def __init__(
        self,
        queue: str,
        *,
        wanted: Interest,
        dropped: Interest,
        retries: Retries,
        inbox: Inbox,
        post: Callable[[Order], None],
    ) -> None:
        self._queue = queue
        self._wanted = wanted
        self._dropped = dropped
        self._retries = retries
        self._inbox = inbox
        self._post = post
        self._link: Link
        self._handed_out: dict[str, list[Delivery]] = {}
        self._waiting: dict[Delivery, Event] = {}
        self._failing: Recent[History] = Recent(_HANDLED)
        self._handled: Recent[bool] = Recent(_HANDLED)
        self._replayed: Recent[bool] = Recent(_REPLAYED)
        self.overlap_from = 0  # what has this offset or a higher one may be in the queue as well
        self.log_settled: Callable[[int], None] = lambda offset: None

    def open(self, link: Link) -> None:
        """Work over this connection from now on."""
        self._link = link
        self._inbox.retain(self._is_still_ours)
        waiting, self._waiting = self._waiting, {}
        for delivery, event in waiting.items():
            if not delivery.is_stale:
                self._consider(event, delivery)

    def close(self) -> None:
        """Hand events that wait for their next attempt back to the queue, with what is known of them."""
        for delivery, event in list(self._waiting.items()):
            history = self._history(event.id, delivery)
            if history != history_in(delivery.headers):
                send_copy(self._link, delivery, self._queue, history)
                self._acknowledge([delivery])

    def receive(self, delivery: Delivery) -> None:
        """Take in a message of the queue, or one of the log whose type is wanted."""
        try:
            event = read_event(delivery.headers, delivery.content_type, delivery.body)
        except Undecodable as error:
            self._bury(delivery, History(failures=1, reason=describe(error)))
            return
        if not self._wanted.includes(event.type):
            self._turn_away(delivery, event.type)
        elif event.id in self._handed_out:
            self._handed_out[event.id].append(delivery)
        elif self._was_handled(event.id, delivery):
            self._acknowledge([delivery])
        else:
            self._consider(event, delivery)

    # --- The ways of an event ----------------------------------------------------------------------------------------

    def _consider(self, event: Event, delivery: Delivery) -> None:
        """Hand an event out now or later, or not any more."""
        self._waiting[delivery] = event
        history = self._history(event.id, delivery)
        wait_s = history.wait_s(self._retries)
        if history.is_poison(self._retries):
            self._bury(delivery, history)
            self._failing.forget(event.id)
            del self._waiting[delivery]
        elif wait_s > 0:
            self._link.call_later(wait_s, partial(self._hand_out, delivery))
        else:
            self._hand_out(delivery)

    def _hand_out(self, delivery: Delivery) -> None:
        event = self._waiting.pop(delivery)
        if event.id in self._handed_out:  # published twice, and both are due at once
            self._handed_out[event.id].append(delivery)
            return
        self._handed_out[event.id] = [delivery]
        if self._may_be_queued_too(delivery):
            self._replayed.remember(event.id, True)
        attempt = self._history(event.id, delivery).tries + 1
        receipt = Receipt(lambda error: self._post(partial(self._settle, event, error)))
        self._inbox.put(replace(event, attempt=attempt, offset=delivery.offset, receipt=receipt))

    def _settle(self, event: Event, error: Exception | None) -> None:
        deliveries = self._handed_out.pop(event.id)
        if error is None:
            self._failing.forget(event.id)
            self._handled.remember(event.id, True)
            self._acknowledge(deliveries)
        else:
            *others, delivery = deliveries
            self._note_failure(event, delivery, error)
            self._acknowledge(others)
            if not delivery.is_stale:  # else it comes again
                self._consider(event, delivery)

    def _note_failure(self, event: Event, delivery: Delivery, error: Exception) -> None:
        history = self._history(event.id, delivery).after(error, self._retries)
        self._failing.remember(event.id, history)
        log.warning("attempt %d at event %s failed: %s", history.tries, event.id, type(error).__name__)
        log.debug("event %s", event.id, exc_info=error)  # errors quote what they choked on: not for every log

    def _history(self, id: str, delivery: Delivery) -> History:
        return self._failing.recall(id) or history_in(delivery.headers)

    def _was_handled(self, id: str, delivery: Delivery) -> bool:
        """Tell what this process has handled already, from what somebody wants handled again, such as operators."""
        if delivery.offset is not None or history_in(delivery.headers).tries:
            return False
        if delivery.redelivered and id in self._handled:  # our acknowledgement got lost
            return True
        return self._replayed.forget(id) is not None

    def _may_be_queued_too(self, delivery: Delivery) -> bool:
        return delivery.offset is not None and delivery.offset >= self.overlap_from

    def _is_still_ours(self, event: Event) -> bool:
        """Say whether an event that nobody has taken yet is to be handed out over a new connection."""
        deliveries = self._handed_out[event.id]
        if all(delivery.is_stale for delivery in deliveries):
            del self._handed_out[event.id]
            return False
        return True

    # --- Settling ----------------------------------------------------------------------------------------------------

    def _acknowledge(self, deliveries: Iterable[Delivery]) -> None:
        for delivery in deliveries:
            if delivery.offset is not None:
                self.log_settled(delivery.offset)
            self._link.acknowledge(delivery)

    def _bury(self, delivery: Delivery, history: History) -> None:
        log.error("a message of %s became a dead letter: %s", self._queue, history.reason.partition(":")[0])
        send_dead_letter(self._link, delivery, self._queue, history)
        self._acknowledge([delivery])

    def _turn_away(self, delivery: Delivery, type: str) -> None:
        """Do not take an event of a type we did not ask for: a newer version of us may run beside us, and has.

        When nobody takes it, the broker makes it a dead letter after some deliveries.
        """
        if self._dropped.includes(type):
            self._acknowledge([delivery])
            return
        log.info("the queue %s holds an event of type %s, which is left to others", self._queue, type)
        pause_s = backoff_s(delivery.count + 1, first_s=_FIRST_TURN_S, longest_s=_LONGEST_TURN_S)
        self._link.call_later(pause_s, partial(self._link.give_back, delivery))
