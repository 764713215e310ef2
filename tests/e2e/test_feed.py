"""What happens on the platform can be read over HTTP and arrives at webhooks, on one machine as a user starts it."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.platform import running_platform
from tests.support.processes import wait_until
from tests.support.receiver import receiving

PATIENCE_S = 60
OPENED = {"ARCHIVE_WEBHOOK_NETWORKS": "127.0.0.0/8"}


def types(page: Any) -> list[str]:
    return [event["type"] for event in page["events"]]


@pytest.mark.timeout(180)
def test_an_archive_somebody_makes_is_in_the_feed_and_at_the_webhook_of_those_who_may_know(
    tmp_path: Path,
) -> None:
    with receiving() as receiver, running_platform(tmp_path / "data", environment=OPENED) as platform:
        (_, ann), (_, bob) = platform.new_user("ann"), platform.new_user("bob")
        her, his = platform.client(ann), platform.client(bob)
        for client in (her, his):
            client.call(
                "POST", "webhooks/", json={"url": receiver.url(f"/{'ann' if client is her else 'bob'}")}
            )
        cursor = her.call("GET", "events/?after=latest")["cursor"]

        archive = her.call("POST", "archives/", json={"title": "Chest CT", "description": "d"})["pk"]

        seen: list[str] = []

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
