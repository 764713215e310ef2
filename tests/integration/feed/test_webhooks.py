"""Webhooks over HTTP: they belong to one person, and lead where they may."""

import json
from dataclasses import replace

import pytest

from archive_shared.events import ItemCreated
from archive_shared.jobs.job import JobState
from feed.domain.webhook import MOST_PER_OWNER
from tests.support.feed import SITE, WEBHOOKS, FeedService
from tests.support.receiver import Receiver

ARCHIVE = "archive-1"


@pytest.fixture
def owner(feed: FeedService) -> str:
    token = feed.people.add_person("owner")
    feed.people.give(token, "user", ARCHIVE)
    return token


def test_a_webhook_is_made_shown_changed_and_deleted(
    feed: FeedService, owner: str, receiver: Receiver
) -> None:
    made = feed.webhook(owner, receiver.url(), types=["archive.item.*"], archive=ARCHIVE)
    secret = made.pop("secret")

    assert secret.startswith("whsec_")
    assert made["api_url"] == f"{SITE}{WEBHOOKS}{made['pk']}/"
    assert feed.call("GET", made["api_url"], owner).json == made
    assert feed.call("GET", WEBHOOKS, owner).json["results"] == [made]
    changed = feed.call("PATCH", made["api_url"], owner, json={"types": [], "archive": None})
    assert changed.json == made | {"types": [], "archive": None}
    assert feed.call("DELETE", made["api_url"], owner).status_code == 204
    assert feed.call("GET", made["api_url"], owner).status_code == 404


def test_the_secret_is_shown_once_and_never_again(feed: FeedService, owner: str, receiver: Receiver) -> None:
    made = feed.webhook(owner, receiver.url())
    rotated = feed.call("POST", f"{made['api_url']}rotate-secret/", owner)

    assert rotated.json["secret"] not in ("", made["secret"])
    assert rotated.headers["Cache-Control"] == "no-store"
    for path in (WEBHOOKS, made["api_url"], f"{made['api_url']}deliveries/"):
        shown = feed.call("GET", path, owner).text
        assert "whsec_" not in shown
        assert "secret" not in shown


def test_a_webhook_does_not_exist_for_anybody_but_its_owner(
    feed: FeedService, owner: str, receiver: Receiver
) -> None:
    made = feed.webhook(owner, receiver.url())
    test = feed.call("POST", f"{made['api_url']}test/", owner).json
    stranger = feed.people.add_person("stranger")
    root = feed.people.add_person("root", administrator=True)
    doors = [
        ("GET", ""),
        ("PATCH", ""),
        ("DELETE", ""),
        ("POST", "rotate-secret/"),
        ("POST", "test/"),
        ("GET", "deliveries/"),
        ("GET", f"deliveries/{test['pk']}/"),
        ("POST", f"deliveries/{test['pk']}/redeliver/"),
    ]

    for method, path in doors:
        for token, status in ((stranger, 404), (root, 404), (None, 401), ("wrong", 401)):
            content: dict[str, object] = {"json": {}} if method == "PATCH" else {}
            answer = feed.call(method, made["api_url"] + path, token, **content)
            assert answer.status_code == status, (method, path, token)
    assert feed.call("GET", WEBHOOKS, stranger).json["results"] == []
    assert feed.call("GET", WEBHOOKS).status_code == 401
    assert feed.call("POST", WEBHOOKS, json={"url": receiver.url()}).status_code == 401


def test_a_delivery_is_not_found_under_another_webhook(
    feed: FeedService, owner: str, receiver: Receiver
) -> None:
    first, second = feed.webhook(owner, receiver.url()), feed.webhook(owner, receiver.url())
    test = feed.call("POST", f"{first['api_url']}test/", owner).json

    assert feed.call("GET", f"{second['api_url']}deliveries/{test['pk']}/", owner).status_code == 404


@pytest.mark.parametrize(
    "url",
    [
        "http://10.0.0.1/",
        "https://169.254.169.254/latest/meta-data/",
        "https://[::1]/",
        "https://2130706433.1:99999/",
        "https://0x7f.1@10.0.0.1/",
        "https://localhost.invalid/",
        "ftp://127.0.0.1/",
        "https://user:secret@127.0.0.1/",
        "",
    ],
)
def test_an_address_that_may_not_be_called_is_refused_when_made_and_when_changed(
    feed: FeedService, owner: str, receiver: Receiver, url: str
) -> None:
    made = feed.webhook(owner, receiver.url())

    for answer in (
        feed.call("POST", WEBHOOKS, owner, json={"url": url}),
        feed.call("PATCH", made["api_url"], owner, json={"url": url}),
    ):
        assert answer.status_code == 400
        assert list(answer.json["errors"]) == ["url"]


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        ({"types": ["archive.item.exploded.v1"]}, "types"),
        ({"types": "archive.item.*"}, "types"),
        ({"archive": "archive-2"}, "archive"),
        ({"owner": "user-root"}, "owner"),
        ({"position": 0}, "position"),
    ],
)
def test_mistakes_are_named(
    feed: FeedService, owner: str, receiver: Receiver, wanted: dict[str, object], field: str
) -> None:
    answer = feed.call("POST", WEBHOOKS, owner, json={"url": receiver.url(), **wanted})

    assert answer.status_code == 400
    assert [name.partition(".")[0] for name in answer.json["errors"]] == [field]


def test_so_many_webhooks_and_no_more(feed: FeedService, owner: str, receiver: Receiver) -> None:
    for _ in range(MOST_PER_OWNER):
        feed.webhook(owner, receiver.url())

    assert feed.call("POST", WEBHOOKS, owner, json={"url": receiver.url()}).status_code == 409


def reading_token(feed: FeedService, owner: str) -> str:
    """Give the owner a token for reading."""
    token = f"{owner}-reading"
    feed.people.people[token] = replace(feed.people.people[owner], writes=False)
    return token


def test_a_token_for_reading_looks_at_webhooks_and_changes_nothing(
    feed: FeedService, owner: str, receiver: Receiver
) -> None:
    made = feed.webhook(owner, receiver.url())
    reading = reading_token(feed, owner)

    assert feed.call("GET", made["api_url"], reading).status_code == 200
    for method, path in (("POST", WEBHOOKS), ("PATCH", made["api_url"]), ("DELETE", made["api_url"])):
        assert feed.call(method, path, reading, json={"url": receiver.url()}).status_code == 403
    assert feed.call("POST", f"{made['api_url']}rotate-secret/", reading).status_code == 403


def test_a_token_for_some_archives_reaches_webhooks_about_those_only(
    feed: FeedService, owner: str, receiver: Receiver
) -> None:
    """A webhook has all the rights of its owner; through it such a token must not get more than it is good for."""
    about_all, about_one = (
        feed.webhook(owner, receiver.url()),
        feed.webhook(owner, receiver.url(), archive=ARCHIVE),
    )
    limited = feed.people.limit(owner, ARCHIVE)

    listed = feed.call("GET", WEBHOOKS, limited).json["results"]

    assert [webhook["pk"] for webhook in listed] == [about_one["pk"]]
    assert (
        feed.call("PATCH", about_all["api_url"], limited, json={"url": receiver.url("/x")}).status_code == 404
    )
    assert (
        feed.call("PATCH", about_one["api_url"], limited, json={"url": receiver.url("/x")}).status_code == 200
    )
    for answer in (
        feed.call("PATCH", about_one["api_url"], limited, json={"archive": None}),
        feed.call("POST", WEBHOOKS, limited, json={"url": receiver.url()}),
    ):
        assert (answer.status_code, list(answer.json["errors"])) == (400, ["archive"])
    assert (
        feed.call("POST", WEBHOOKS, limited, json={"url": receiver.url(), "archive": ARCHIVE}).status_code
        == 201
    )


def test_a_test_arrives_and_its_log_tells_how(feed: FeedService, owner: str, receiver: Receiver) -> None:
    made = feed.webhook(owner, receiver.url("/hook?key=value"))

    queued = feed.call("POST", f"{made['api_url']}test/", owner)
    assert feed.call("POST", f"{made['api_url']}test/", owner).status_code == 409  # it is on its way
    feed.send()

    assert queued.status_code == 202
    [call] = receiver.calls
    event = json.loads(call.body)
    assert (call.path, event["type"]) == ("/hook?key=value", "archive.webhook.test.v1")
    assert event["id"] == call.headers["webhook-id"] == queued.json["event"]
    log = feed.call("GET", f"{made['api_url']}deliveries/{queued.json['pk']}/", owner).json
    assert (log["state"], log["next_attempt"]) == ("done", None)
    [attempt] = log["attempts"]
    assert attempt["status"] == 204
    assert attempt["duration_ms"] >= 0


def test_a_stopped_webhook_gets_nothing_but_tests_and_goes_on_where_it_was(
    feed: FeedService, owner: str, receiver: Receiver
) -> None:
    made = feed.webhook(owner, receiver.url())
    before = feed.hear(ItemCreated(item="item-1", archive=ARCHIVE, title="t", images=[]))
    feed.sending.queue.fill()
    feed.call("PATCH", made["api_url"], owner, json={"active": False})
    during = feed.hear(ItemCreated(item="item-2", archive=ARCHIVE, title="t", images=[]))
    test = feed.call("POST", f"{made['api_url']}test/", owner).json["event"]
    feed.send()
    assert receiver.ids == [test]
    assert feed.call("GET", made["api_url"], owner).json["reason"] == "Its owner stopped it."

    feed.call("PATCH", made["api_url"], owner, json={"active": True})
    feed.send()

    assert receiver.ids == [test, before, during]
    assert {delivery.job.state for delivery in feed.deliveries(made["pk"])} == {JobState.DONE}
