"""The feed over HTTP: pages, cursors, selections, waiting."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from archive_shared.documents import Documents
from archive_shared.events import ArchiveUpdated, ItemCreated, ItemDeleted
from feed.use_cases.prune import Pruner
from tests.support.feed import EVENTS, FeedService, feed_service, settings_for
from tests.support.processes import wait_until

ARCHIVE = "archive-1"


@pytest.fixture
def reader(feed: FeedService) -> str:
    token = feed.people.add_person("reader")
    feed.people.give(token, "user", ARCHIVE)
    return token


def hear(feed: FeedService, count: int) -> list[str]:
    return [
        feed.hear(ItemCreated(item=f"item-{number}", archive=ARCHIVE, title="t", images=[]))
        for number in range(count)
    ]


@contextmanager
def meanwhile(act: threading.Thread) -> Iterator[None]:
    act.start()
    try:
        yield
    finally:
        act.join(30)


def test_an_event_is_a_cloud_event_in_structured_form(feed: FeedService, reader: str) -> None:
    identifier = feed.hear(ItemCreated(item="item-1", archive=ARCHIVE, title="CT", images=[]), sequence=7)

    [event] = feed.get(reader)["events"]

    assert event == {
        "specversion": "1.0",
        "id": identifier,
        "type": "archive.item.created.v1",
        "source": "a-service",
        "subject": "item-1",
        "time": "2026-11-23T12:00:00.000000Z",
        "sequence": "00000000000000000007",
        "datacontenttype": "application/json",
        "data": {"item": "item-1", "archive": ARCHIVE, "title": "CT", "images": []},
    }


def test_pages_follow_one_another_until_there_is_nothing_more(feed: FeedService, reader: str) -> None:
    ids = hear(feed, 7)
    seen, query, sizes = [], "limit=3", []
    more = True

    while more:
        page = feed.get(reader, query)
        seen += [event["id"] for event in page["events"]]
        sizes.append(len(page["events"]))
        query, more = f"limit=3&after={page['cursor']}", page["more"]

    assert (seen, sizes) == (ids, [3, 3, 1])
    assert feed.get(reader, query)["events"] == []
    later = hear(feed, 1)
    assert feed.heard_by(reader, query) == later


def test_a_reader_who_may_see_nothing_still_moves_on(feed: FeedService, reader: str) -> None:
    feed.hear(ArchiveUpdated(archive="archive-2", title="t", public=False))
    empty = feed.get(reader)
    mine = hear(feed, 1)

    assert empty["events"] == []
    assert feed.heard_by(reader, f"after={empty['cursor']}") == mine
    assert feed.get(reader, f"after={empty['cursor']}")["cursor"] != empty["cursor"]


def test_latest_begins_now(feed: FeedService, reader: str) -> None:
    hear(feed, 3)

    now = feed.get(reader, "after=latest")

    assert now["events"] == []
    assert feed.heard_by(reader, f"after={now['cursor']}") == []
    assert feed.heard_by(reader, f"after={now['cursor']}") == hear(feed, 0)
    later = hear(feed, 1)
    assert feed.heard_by(reader, f"after={now['cursor']}") == later


@pytest.mark.parametrize("query", ["types=archive.item.deleted.v1", "types=*.deleted.v1,archive.role.*"])
def test_types_and_patterns_select(feed: FeedService, reader: str, query: str) -> None:
    hear(feed, 2)
    deleted = feed.hear(ItemDeleted(item="item-1", archive=ARCHIVE, images=[]))

    assert feed.heard_by(reader, query) == [deleted]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("types=archive.item.exploded.v1", "types"),
        ("types=**%5B", "types"),
        ("after=nonsense", "after"),
        ("wait=-1", "wait"),
        ("wait=soon", "wait"),
        ("limit=x", "limit"),
    ],
)
def test_mistakes_are_named(feed: FeedService, reader: str, query: str, field: str) -> None:
    answer = feed.call("GET", f"{EVENTS}?{query}", reader)

    assert answer.status_code == 400
    assert list(answer.json["errors"]) == [field]


@pytest.mark.parametrize("token", [None, "wrong"])
def test_without_a_good_token_there_is_no_feed(feed: FeedService, token: str | None) -> None:
    assert feed.call("GET", EVENTS, token).status_code == 401


def test_a_cursor_older_than_what_is_kept_is_gone_and_the_beginning_is_not(
    feed: FeedService, reader: str
) -> None:
    ids = hear(feed, 6)
    old = feed.get(reader, "limit=1")["cursor"]
    Pruner(feed.documents, feed.clock, days=30, most_events=2).prune()

    answer = feed.call("GET", f"{EVENTS}?after={old}", reader)

    assert answer.status_code == 410
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert "no longer kept" in answer.json["detail"]
    assert feed.heard_by(reader) == ids[-2:]


def test_waiting_ends_as_soon_as_there_is_an_event(feed: FeedService, reader: str) -> None:
    cursor = feed.get(reader, "after=latest")["cursor"]

    with meanwhile(threading.Timer(0.3, hear, [feed, 1])):
        begun_s = time.monotonic()
        page = feed.get(reader, f"after={cursor}&wait=20")

    assert len(page["events"]) == 1
    assert time.monotonic() - begun_s < 15


def test_waiting_goes_on_over_events_for_others_and_ends_with_another_cursor(
    feed: FeedService, reader: str
) -> None:
    cursor = feed.get(reader, "after=latest")["cursor"]
    hidden = ArchiveUpdated(archive="archive-2", title="t", public=False)

    with meanwhile(threading.Timer(0.1, feed.hear, [hidden])):
        page = feed.get(reader, f"after={cursor}&wait=1")

    assert page["events"] == []
    assert page["cursor"] != cursor


def test_rights_are_those_of_the_moment_the_event_came(feed: FeedService, reader: str) -> None:
    cursor = feed.get(reader, "after=latest")["cursor"]

    def lose_the_role_then_hear() -> None:
        feed.people.take(reader, ARCHIVE)
        hear(feed, 1)

    with meanwhile(threading.Timer(0.1, lose_the_role_then_hear)):
        assert feed.get(reader, f"after={cursor}&wait=1")["events"] == []


def test_when_too_many_wait_the_others_are_answered_at_once(documents: Documents) -> None:
    feed = feed_service(documents, settings_for(most_waiters=1))
    token = feed.people.add_person("reader")
    feed.people.give(token, "user", ARCHIVE)
    places = feed.service.waiting._places
    assert places is not None

    with meanwhile(threading.Thread(target=feed.get, args=(token, "wait=20"))):
        wait_until(lambda: places._value == 0, timeout_s=10, what="somebody who waits")
        begun_s = time.monotonic()
        answer = feed.call("GET", f"{EVENTS}?wait=20", token)
        took_s = time.monotonic() - begun_s
        hear(feed, 1)  # ends the waiting

    assert (answer.status_code, answer.headers["Retry-After"]) == (200, "1")
    assert took_s < 15
    assert "Retry-After" not in feed.call("GET", f"{EVENTS}?after=latest&wait=1", token).headers
