"""`archivectl events`: what was said, and having one queue hear it again."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from archive_shared.events import ItemCreated, ItemDeleted
from archive_shared.messaging.topology import service_queue
from archive_shared.wire.catalogue import ARCHIVE_API
from tests.integration.operations.conftest import Ctl
from tests.support.bus import Bus, a_deletion, an_item
from tests.support.processes import running_process, wait_until

QUEUE = "a-listener.events"


def test_the_past_is_printed_an_event_per_line(bus: Bus, ctl: Ctl) -> None:
    bus.publish(an_item(1, title="DOE^JANE"), a_deletion(2))

    lines = ctl.text("events", "tail", "--since", "first", "--no-follow", "--json").splitlines()

    told = [json.loads(line) for line in lines]
    assert [(event["type"], event["subject"]) for event in told] == [
        (ItemCreated.TYPE, "item-1"),
        (ItemDeleted.TYPE, "item-2"),
    ]
    assert "DOE" not in "".join(lines)


def test_types_and_what_events_say_can_be_asked_for(bus: Bus, ctl: Ctl) -> None:
    bus.publish(an_item(1, title="chest"), a_deletion(2))

    printed = ctl.text(
        "events", "tail", "--since", "1h", "--no-follow", "--types", "archive.*.created.v1", "--body"
    )

    assert "chest" in printed
    assert "item-2" not in printed


def test_new_events_are_printed_as_they_are_said(bus: Bus, tmp_path: Path) -> None:
    archivectl = Path(sys.executable).with_name("archivectl")
    bus.publish(an_item("old"))

    with running_process(
        [archivectl, "events", "tail", "--since", "first"],
        log_path=tmp_path / "log",
        environment={"ARCHIVE_BUS_URL": bus.url, "PYTHONUNBUFFERED": "1"},
    ) as process:
        process.wait_until_ready(lambda: "item-old" in process.log(), timeout_s=20)
        bus.publish(an_item("new"))
        wait_until(lambda: "item-new" in process.log(), timeout_s=20)


def test_one_queue_hears_the_past_again_and_no_other(bus: Bus, ctl: Ctl) -> None:
    bus.listen(QUEUE, ItemCreated)
    bus.listen("another", ItemCreated)
    bus.publish(an_item("old"))
    since = datetime.now(UTC).isoformat()
    bus.publish(an_item(1), a_deletion(2), an_item(3))
    for queue in (QUEUE, "another"):
        bus.take_all(queue)

    done = ctl.json("events", "replay", "--to", QUEUE, "--since", since, "--types", ItemCreated.TYPE)

    assert done == {"queue": QUEUE, "events": 2}
    assert [each.headers["ce-subject"] for each in bus.take_all(QUEUE)] == ["item-1", "item-3"]
    assert bus.take_all("another") == []
    assert len(ctl.text("events", "tail", "--since", "first", "--no-follow").splitlines()) == 4  # said once


def test_a_service_is_sent_what_it_listens_to(bus: Bus, ctl: Ctl) -> None:
    queue = service_queue(ARCHIVE_API)
    bus.publish(an_item(1))
    bus.take_all(queue)

    assert "item-1" in ctl.text("events", "replay", "--to", queue, "--since", "first", "--dry-run")
    assert bus.take_all(queue) == []
    assert ctl.json("events", "replay", "--to", queue, "--since", "first")["events"] == 1
    assert len(bus.take_all(queue)) == 1


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["replay", "--to", QUEUE, "--since", "first"], "say which --types"),
        (
            ["replay", "--to", "nobody.events", "--since", "first", "--types", "#"],
            "no queue wants nobody.events",
        ),
        (["replay", "--to", QUEUE, "--since", "2026-11-26T08:00:00"], "is none of"),
        (["tail", "--no-follow"], "needs --since"),
    ],
)
def test_what_cannot_be_done_is_told(bus: Bus, ctl: Ctl, arguments: list[str], complaint: str) -> None:
    bus.publish(an_item(1))

    assert complaint in ctl.complaint("events", *arguments)
