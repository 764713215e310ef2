"""What happens on the platform can be read over HTTP and arrives at webhooks, on one machine as a user starts it."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from selenium.webdriver import Chrome

from tests.support.platform import RunningPlatform, running_platform
from tests.support.portal import Page
from tests.support.processes import wait_until
from tests.support.receiver import Receiver, receiving

PATIENCE_S = 60
OPENED = {"ARCHIVE_WEBHOOK_NETWORKS": "127.0.0.0/8"}


def types(page: Any) -> list[str]:
    return [event["type"] for event in page["events"]]


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPlatform]:
    with running_platform(tmp_path_factory.mktemp("feed") / "data", environment=OPENED) as platform:
        yield platform


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


def test_an_archive_somebody_makes_is_in_the_feed_and_at_the_webhook_of_those_who_may_know(
    platform: RunningPlatform, receiver: Receiver
) -> None:
    (_, ann), (_, bob) = platform.new_user("ann"), platform.new_user("bob")
    her, his = platform.client(ann), platform.client(bob)
    her.call("POST", "webhooks/", json={"url": receiver.url("/ann")})
    his.call("POST", "webhooks/", json={"url": receiver.url("/bob")})
    cursor = her.call("GET", "events/?after=latest")["cursor"]
    seen: list[str] = []

    archive = her.call("POST", "archives/", json={"title": "Chest CT", "description": "d"})["pk"]

    def follow() -> bool:
        nonlocal cursor
        page = her.call("GET", f"events/?after={cursor}&wait=10&archive={archive}")
        cursor = page["cursor"]
        seen.extend(types(page))
        return len(seen) >= 2

    wait_until(follow, timeout_s=PATIENCE_S)
    wait_until(lambda: len(receiver.calls) >= 2, timeout_s=PATIENCE_S)
    assert sorted(seen) == ["archive.archive.created.v1", "archive.role.granted.v1"]
    assert types(his.call("GET", "events/")) == []
    assert {call.path for call in receiver.calls} == {"/ann"}
    assert sorted(json.loads(call.body)["type"] for call in receiver.calls) == sorted(seen)


def test_on_the_page_a_webhook_is_added_tried_out_looked_at_and_deleted(
    platform: RunningPlatform, browser: Chrome, receiver: Receiver
) -> None:
    _, token = platform.new_user("carl")
    page = Page(browser, platform.address)
    page.sign_in(token)
    page.shows("Webhooks")
    page.open("/webhooks/")
    page.fill("url", "https://10.0.0.1/")
    page.press("Add webhook")
    page.shows("does not lead to a public address")

    page.fill("url", receiver.url())
    page.press("Add webhook")
    secret = page.find(".secret").text
    page.press("Send a test")
    page.shows("Arrived after")
    page.press("Show deliveries")
    page.shows("archive.webhook.test.v1")
    page.press("Send again")
    page.shows("2 attempts")
    page.press("Delete")
    wait_until(lambda: not page.all(".webhook"), timeout_s=PATIENCE_S)

    assert secret.startswith("whsec_")
    assert len(receiver.calls) == 2
    assert platform.client(token).call("GET", "webhooks/")["count"] == 0
