"""A delivery: when it is tried again, when no more, and whose word about it counts."""

from datetime import timedelta
from itertools import pairwise

import pytest

from archive_shared.errors import Conflict
from archive_shared.jobs.job import FencedOff, Job, JobState, NotClaimable
from feed.domain.delivery import RETRY_AFTER_S, Attempt, Delivery
from feed.domain.webhook import Webhook
from tests.support.clocks import StoppedClock


def a_delivery(clock: StoppedClock, *, position: int | None = 1) -> Delivery:
    now = clock.now()
    return Delivery(
        id="d", webhook="w", event="e", type="t", position=position, created_at=now, job=Job.queued(now)
    )


def fail(delivery: Delivery, clock: StoppedClock) -> None:
    """Make one attempt that fails, as soon as it may be made."""
    clock.advance(max((delivery.job.due_at - clock.now()).total_seconds(), 0))
    delivery.take(clock.now(), owner="me", lease_s=30)
    delivery.note(Attempt(at=clock.now(), duration_ms=7, status=500, reason="500"), held=delivery.job)


def test_a_delivery_is_tried_for_about_a_day_at_growing_intervals_and_then_fails() -> None:
    clock = StoppedClock()
    delivery, begun = a_delivery(clock), clock.now()

    while not delivery.job.is_finished:
        fail(delivery, clock)

    assert delivery.job.state is JobState.FAILED
    assert len(delivery.attempts) == len(RETRY_AFTER_S) + 1
    assert timedelta(hours=18) < clock.now() - begun < timedelta(hours=30)
    times = [attempt.at for attempt in delivery.attempts]
    pauses = [later - earlier for earlier, later in pairwise(times)]
    assert pauses[0] < timedelta(seconds=7)
    assert pauses[:8] == sorted(pauses[:8])


def test_a_test_is_tried_once() -> None:
    clock = StoppedClock()
    delivery = a_delivery(clock, position=None)

    fail(delivery, clock)

    assert delivery.job.state is JobState.FAILED


def test_while_one_holds_it_nobody_else_does_and_afterwards_the_first_ones_word_does_not_count() -> None:
    clock = StoppedClock()
    delivery = a_delivery(clock)
    delivery.take(clock.now(), owner="me", lease_s=30)
    held_by_me = delivery.job

    with pytest.raises(NotClaimable):
        delivery.take(clock.now(), owner="you", lease_s=30)
    clock.advance(31)
    delivery.take(clock.now(), owner="you", lease_s=30)

    with pytest.raises(FencedOff):
        delivery.note(Attempt(at=clock.now(), duration_ms=1, status=200), held=held_by_me)
    assert delivery.job.state is JobState.RUNNING
    assert delivery.in_flight == "w"


def test_putting_off_is_no_attempt() -> None:
    clock = StoppedClock()
    delivery = a_delivery(clock)
    delivery.take(clock.now(), owner="me", lease_s=30)

    delivery.put_off(clock.now(), "later", after_s=60, held=delivery.job)

    assert (delivery.job.attempts, delivery.attempts, delivery.in_flight) == (0, [], None)
    assert delivery.job.due_at == clock.now() + timedelta(seconds=60)


def test_only_what_has_ended_is_sent_again_and_its_log_stays() -> None:
    clock = StoppedClock()
    delivery = a_delivery(clock)
    with pytest.raises(Conflict):
        delivery.send_again(clock.now())
    delivery.take(clock.now(), owner="me", lease_s=30)
    delivery.note(Attempt(at=clock.now(), duration_ms=1, status=204), held=delivery.job)

    delivery.send_again(clock.now())

    assert (delivery.job.state, delivery.job.attempts, delivery.ended_at) == (JobState.QUEUED, 0, None)
    assert [attempt.status for attempt in delivery.attempts] == [204]


def test_an_old_secret_signs_for_a_day_after_it_was_replaced() -> None:
    clock = StoppedClock()
    webhook = Webhook(id="w", owner="u", url="", types=[], archive=None, position=0, created_at=clock.now())
    first, second = webhook.replace_secret(clock.now()), webhook.replace_secret(clock.now())

    assert webhook.signing_secrets(clock.now()) == [second, first]
    clock.advance(24 * 3600)
    assert webhook.signing_secrets(clock.now()) == [second]
    third = webhook.replace_secret(clock.now())
    assert webhook.signing_secrets(clock.now()) == [third, second]


def test_secrets_are_not_shown_by_accident() -> None:
    clock = StoppedClock()
    webhook = Webhook(id="w", owner="u", url="", types=[], archive=None, position=0, created_at=clock.now())
    secret = webhook.replace_secret(clock.now())

    assert secret not in repr(webhook)
