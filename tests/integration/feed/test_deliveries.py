"""Events reach webhooks: signed, in order, again and again until they arrive, and only while the owner may see them."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler

import pytest

from archive_shared.errors import Unavailable
from archive_shared.events import ArchiveUpdated, ItemCreated
from archive_shared.jobs.job import FencedOff, JobState
from feed.bootstrap import deliveries_of
from feed.domain.delivery import RETRY_AFTER_S
from feed.domain.sight import Ask
from feed.use_cases.prune import Pruner
from feed.use_cases.queue_deliveries import MOST_OPEN
from tests.support.feed import TIMEOUT_S, FeedService
from tests.support.receiver import TAKEN, Receiver, answering
from tests.unit.feed.test_signature import verify

ARCHIVE = "archive-1"
BROKEN = answering(500)


@pytest.fixture
def owner(feed: FeedService) -> str:
    token = feed.people.add_person("owner")
    feed.people.give(token, "user", ARCHIVE)
    return token


def hear(feed: FeedService, count: int = 1, *, archive: str = ARCHIVE) -> list[str]:
    return [
        feed.hear(ItemCreated(item=f"item-{number}", archive=archive, title="t", images=[]))
        for number in range(count)
    ]


def try_until_it_ends(feed: FeedService, pk: str) -> None:
    while any(not delivery.job.is_finished for delivery in feed.deliveries(pk)):
        feed.clock.advance(3600 * 5)
        feed.send()


def test_an_event_arrives_as_a_signed_cloud_event(feed: FeedService, owner: str, receiver: Receiver) -> None:
    made = feed.webhook(owner, receiver.url())
    [identifier] = hear(feed)

    assert feed.send() == 1

    [call] = receiver.calls
    assert json.loads(call.body) == feed.get(owner)["events"][0]
    assert call.headers["content-type"] == "application/cloudevents+json"
    assert call.headers["webhook-id"] == identifier
    assert call.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert "authorization" not in call.headers
    with pytest.raises(ValueError, match="too old"):
        verify(made["secret"], call.headers, call.body)  # the clock of this test stands still
    fresh = {**call.headers, "webhook-timestamp": str(int(time.time()))}
    with pytest.raises(ValueError, match="signature"):
        verify(made["secret"], fresh, call.body)


def test_a_webhook_hears_what_its_owner_may_hear_and_asked_for_and_nothing_of_before(
    feed: FeedService, owner: str, receiver: Receiver
) -> None:
    hear(feed)
    everything = feed.webhook(owner, receiver.url("/all"))
    feed.webhook(owner, receiver.url("/updates"), types=["archive.archive.*"])
    feed.people.give(owner, "user", "archive-3")
    feed.webhook(owner, receiver.url("/third"), archive="archive-3")
    created = hear(feed)
    third = hear(feed, archive="archive-3")
    hear(feed, archive="archive-2")
    updated = feed.hear(ArchiveUpdated(archive=ARCHIVE, title="t", public=True))

    feed.send()

    got: dict[str, list[str]] = {}
    for call in receiver.calls:
        got.setdefault(call.path, []).append(call.headers["webhook-id"])
    assert got == {"/all": [*created, *third, updated], "/updates": [updated], "/third": third}
    assert len(feed.deliveries(everything["pk"])) == 3  # the log is silent about what is hidden, too


def test_whoever_loses_the_role_gets_nothing_more_not_even_what_was_queued(
    feed: FeedService, owner: str, receiver: Receiver
) -> None:
    made = feed.webhook(owner, receiver.url())
    hear(feed)
    feed.sending.queue.fill()

    feed.people.take(owner, ARCHIVE)
    hear(feed)
    feed.send()

    assert receiver.calls == []
    [delivery] = feed.deliveries(made["pk"])
    assert (delivery.job.state, delivery.attempts) == (JobState.CANCELLED, [])


def test_a_failed_event_cannot_be_sent_again_by_an_owner_who_lost_the_role(
    feed: FeedService, owner: str, receiver: Receiver
) -> None:
    made = feed.webhook(owner, receiver.url())
    hear(feed)
    feed.send()
    [delivery] = feed.deliveries(made["pk"])
    feed.people.take(owner, ARCHIVE)

    answer = feed.call("POST", f"{made['api_url']}deliveries/{delivery.id}/redeliver/", owner)
    feed.send()

    assert answer.status_code == 202
    assert len(receiver.calls) == 1


def test_an_event_of_before_is_not_sent_again_by_a_webhook_that_is_about_another_archive_now(
    feed: FeedService, owner: str, receiver: Receiver
) -> None:
    feed.people.give(owner, "user", "archive-2")
    made = feed.webhook(owner, receiver.url())
    hear(feed, archive="archive-2")
    feed.send()
    [delivery] = feed.deliveries(made["pk"])

    feed.call("PATCH", made["api_url"], owner, json={"archive": ARCHIVE, "url": receiver.url("/elsewhere")})
    feed.call("POST", f"{made['api_url']}deliveries/{delivery.id}/redeliver/", owner)
    feed.send()

    assert [call.path for call in receiver.calls] == ["/hook"]
    assert "another archive" in feed.deliveries(made["pk"])[0].job.reason


def test_the_webhook_of_somebody_who_is_gone_is_stopped(
    feed: FeedService, owner: str, receiver: Receiver
) -> None:
    made = feed.webhook(owner, receiver.url())
    hear(feed)
    feed.sending.queue.fill()
    del feed.people.people[owner]
    feed.send()
    hear(feed)
    feed.send()

    stored = feed.stored_webhook(made["pk"])
    assert (stored.active, stored.reason, receiver.calls) == (False, "Its owner is not known any more.", [])


def test_while_rights_cannot_be_asked_for_nothing_is_sent_and_nothing_is_lost(
    feed: FeedService, owner: str, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = feed.webhook(owner, receiver.url())
    [identifier] = hear(feed)
    feed.sending.queue.fill()

    def silent(user: str) -> Ask:
        raise Unavailable("permissions does not answer")

    with monkeypatch.context() as patched:
        patched.setattr(feed.sending.deliverer, "_ask_about", silent)
        [delivery] = feed.sending.deliverer.due()
        assert feed.sending.deliverer.attempt(delivery.id) is None
    assert receiver.calls == []
    assert feed.deliveries(made["pk"])[0].job.attempts == 0

    feed.clock.advance(10)
    feed.send()
    assert receiver.ids == [identifier]


def test_events_arrive_in_the_order_of_the_feed_one_at_a_time_however_many_workers_there_are(
    feed: FeedService, owner: str, receiver: Receiver
) -> None:
    def slow(handler: BaseHTTPRequestHandler) -> None:
        time.sleep(0.02)
        TAKEN(handler)

    receiver.behave = slow
    feed.webhook(owner, receiver.url())
    ids = hear(feed, 12)
    workers = [feed.another_worker() for _ in range(3)]

    def work(number: int) -> None:
        ends_at_s = time.monotonic() + 60
        while len(receiver.calls) < len(ids) and time.monotonic() < ends_at_s:
            workers[number].queue.fill()
            for delivery in workers[number].deliverer.due():
                workers[number].deliverer.attempt(delivery.id)

    with ThreadPoolExecutor(len(workers)) as threads:
        list(threads.map(work, range(len(workers))))

    assert receiver.ids == ids
    assert receiver.most_at_once == 1


def test_a_receiver_that_is_away_gets_few_calls_and_then_everything(
    feed: FeedService, owner: str, receiver: Receiver
) -> None:
    receiver.behave = BROKEN
    made = feed.webhook(owner, receiver.url())
    ids = hear(feed, MOST_OPEN + 5)
    feed.send()
    assert receiver.ids == ids[:MOST_OPEN]
    assert len(feed.deliveries(made["pk"])) == MOST_OPEN

    receiver.behave = TAKEN
    feed.clock.advance(10)
    feed.send()

    assert receiver.ids[MOST_OPEN:] == ids
    first = feed.deliveries(made["pk"])[0]
    assert [attempt.status for attempt in first.attempts] == [500, 204]
    assert first.attempts[0].reason == "The receiver answered 500."


def test_an_event_that_is_refused_does_not_hold_up_the_others_nor_stop_the_webhook(
    feed: FeedService, owner: str, receiver: Receiver
) -> None:
    made = feed.webhook(owner, receiver.url())
    refused, *others = hear(feed, 3)

    def refuse_one(handler: BaseHTTPRequestHandler) -> None:
        (BROKEN if handler.headers["webhook-id"] == refused else TAKEN)(handler)

    receiver.behave = refuse_one
    feed.send()
    assert receiver.ids == [refused, *others]
    try_until_it_ends(feed, made["pk"])

    states = [delivery.job.state for delivery in feed.deliveries(made["pk"])]
    assert states == [JobState.FAILED, JobState.DONE, JobState.DONE]
    assert feed.stored_webhook(made["pk"]).active


def test_when_nothing_arrives_for_a_day_the_webhook_is_stopped_and_says_why(
    feed: FeedService, owner: str, receiver: Receiver
) -> None:
    receiver.behave = BROKEN
    made = feed.webhook(owner, receiver.url())
    hear(feed)
    feed.send()
    try_until_it_ends(feed, made["pk"])

    assert len(receiver.calls) == len(RETRY_AFTER_S) + 1
    assert len(set(receiver.ids)) == 1
    shown = feed.call("GET", made["api_url"], owner).json
    assert shown["active"] is False
    assert shown["reason"] == "Nothing arrived for a day. The last attempt: The receiver answered 500."
    hear(feed)
    assert feed.send() == 0

    receiver.behave = TAKEN
    feed.call("PATCH", made["api_url"], owner, json={"active": True})
    [failed] = [each for each in feed.deliveries(made["pk"]) if each.job.state is JobState.FAILED]
    feed.call("POST", f"{made['api_url']}deliveries/{failed.id}/redeliver/", owner)
    assert feed.send() == 2


def test_a_receiver_that_says_gone_is_not_called_again(
    feed: FeedService, owner: str, receiver: Receiver
) -> None:
    receiver.behave = answering(410)
    made = feed.webhook(owner, receiver.url())
    hear(feed, 3)

    feed.send()
    feed.clock.advance(60)
    feed.send()

    assert len(receiver.calls) == 1
    assert "410" in feed.stored_webhook(made["pk"]).reason


def test_redirects_are_not_followed(feed: FeedService, owner: str, receiver: Receiver) -> None:
    receiver.behave = answering(307, Location=receiver.url("/elsewhere"))
    made = feed.webhook(owner, receiver.url())
    hear(feed)

    feed.send()

    assert [call.path for call in receiver.calls] == ["/hook"]
    assert "redirects are not followed" in feed.deliveries(made["pk"])[0].attempts[0].reason


def test_while_a_secret_is_replaced_calls_carry_both_signatures(
    feed: FeedService, owner: str, receiver: Receiver
) -> None:
    made = feed.webhook(owner, receiver.url())
    feed.call("POST", f"{made['api_url']}rotate-secret/", owner)
    hear(feed, 1)
    feed.send()
    feed.clock.advance(25 * 3600)
    hear(feed, 1)
    feed.send()

    assert [call.headers["webhook-signature"].count("v1,") for call in receiver.calls] == [2, 1]


def test_what_was_delivered_can_be_delivered_again_under_the_same_identifier(
    feed: FeedService, owner: str, receiver: Receiver
) -> None:
    made = feed.webhook(owner, receiver.url())
    [identifier] = hear(feed)
    feed.send()
    log = feed.call("GET", f"{made['api_url']}deliveries/", owner).json["results"]

    answer = feed.call("POST", f"{made['api_url']}deliveries/{log[0]['pk']}/redeliver/", owner)
    again = feed.call("POST", f"{made['api_url']}deliveries/{log[0]['pk']}/redeliver/", owner)
    feed.send()

    assert (answer.status_code, again.status_code) == (202, 409)
    assert receiver.ids == [identifier, identifier]
    assert len(feed.deliveries(made["pk"])[0].attempts) == 2


def test_a_worker_that_died_leaves_its_delivery_to_another_and_may_not_write_any_more(
    feed: FeedService, owner: str, receiver: Receiver
) -> None:
    """Killed between claim and outcome: the lease runs out, meanwhile nobody else calls this receiver."""
    made = feed.webhook(owner, receiver.url())
    ids = hear(feed, 2)
    feed.sending.queue.fill()
    dead, alive = feed.another_worker().deliverer, feed.another_worker().deliverer
    held = dead._claim(dead.due()[0].id)
    assert held is not None

    assert [alive.attempt(each.id) for each in feed.deliveries(made["pk"])] == [None, None]
    feed.clock.advance(3 * TIMEOUT_S + 1)
    [first] = alive.due()
    assert alive.attempt(first.id) is not None
    feed.send()

    assert receiver.ids == ids
    with pytest.raises(FencedOff):
        dead._make(held)
    assert receiver.ids == [*ids, ids[0]]  # at least once
    assert [each.job.state for each in feed.deliveries(made["pk"])] == [JobState.DONE] * 2


def test_a_webhook_whose_place_in_the_feed_is_no_longer_kept_goes_on_with_the_oldest_event(
    feed: FeedService, owner: str, receiver: Receiver
) -> None:
    feed.webhook(owner, receiver.url())
    ids = hear(feed, 6)
    Pruner(feed.documents, feed.clock, days=30, most_events=2).prune()

    feed.send()
    feed.send()

    assert receiver.ids == ids[-2:]


def test_deliveries_of_a_deleted_webhook_are_not_made_and_old_logs_are_forgotten(
    feed: FeedService, owner: str, receiver: Receiver
) -> None:
    made, kept = feed.webhook(owner, receiver.url("/gone")), feed.webhook(owner, receiver.url("/kept"))
    hear(feed)
    feed.sending.queue.fill()
    feed.call("DELETE", made["api_url"], owner)
    feed.send()
    assert [call.path for call in receiver.calls] == ["/kept"]

    feed.clock.advance(31 * 86400)
    feed.sending.pruner.prune()

    assert deliveries_of(feed.documents, feed.clock).count() == 0
    assert feed.call("GET", f"{kept['api_url']}deliveries/", owner).json["count"] == 0
