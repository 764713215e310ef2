"""`archivectl dead-letters`: found, understood, retried and dropped, without showing patients to anybody who did not ask."""

import pytest

from archive_shared.errors import Invalid
from archive_shared.events import ItemCreated
from archive_shared.messaging.dead_letters import list_dead_letters
from archive_shared.wire.cloud_events import ReceivedEvent
from tests.integration.operations.conftest import Ctl
from tests.support.bus import Bus, an_item, consuming
from tests.support.processes import wait_until

QUEUE = "a-listener.events"


def refuse(received: ReceivedEvent) -> None:
    raise Invalid({"title": ["DOE^JANE is no title"]})


@pytest.fixture
def letters(bus: Bus, ctl: Ctl) -> list[str]:
    """Identifiers of two dead letters that name a patient."""
    bus.listen(QUEUE, ItemCreated)
    bus.publish(an_item(1, title="DOE^JANE"), an_item(2, title="DOE^JANE"))
    with consuming(bus, QUEUE, {ItemCreated: refuse}), bus.connected() as connection:
        wait_until(lambda: len(list_dead_letters(connection)) == 2, timeout_s=20, what="dead letters")
    return [str(letter["id"]) for letter in ctl.json("dead-letters", "list")]


def test_a_list_says_what_failed_where_and_why(ctl: Ctl, letters: list[str]) -> None:
    found = ctl.json("dead-letters", "list")

    assert [(each["queue"], each["type"], each["attempts"]) for each in found] == [
        (QUEUE, ItemCreated.TYPE, 1)
    ] * 2
    assert {each["subject"] for each in found} == {"item-1", "item-2"}
    assert {each["reason"] for each in found} == {"Invalid"}
    assert letters[0] in ctl.text("dead-letters", "list")


def test_nobody_is_named_unless_asked_for(ctl: Ctl, letters: list[str]) -> None:
    unasked = ctl.text("dead-letters", "list") + ctl.text("dead-letters", "show", letters[0])

    assert "DOE" not in unasked
    assert "ce-subject" in unasked
    shown = ctl.json("dead-letters", "show", letters[0], "--body")
    assert shown["reason"] == "Invalid: title: DOE^JANE is no title"
    assert '"title": "DOE^JANE"' in shown["body"].replace('":"', '": "')


def test_a_queue_can_be_asked_for(ctl: Ctl, letters: list[str]) -> None:
    assert len(ctl.json("dead-letters", "list", "--queue", QUEUE)) == 2
    assert ctl.text("dead-letters", "list", "--queue", "another") == "There are no dead letters.\n"


def test_one_is_retried_and_the_other_stays(bus: Bus, ctl: Ctl, letters: list[str]) -> None:
    assert ctl.json("dead-letters", "retry", letters[0]) == {"retried": 1}

    assert [letter["id"] for letter in ctl.json("dead-letters", "list")] == letters[1:]
    assert len(bus.take_all(QUEUE)) == 1


def test_all_are_retried(bus: Bus, ctl: Ctl, letters: list[str]) -> None:
    assert ctl.json("dead-letters", "retry", "--all", "--queue", QUEUE) == {"retried": 2}

    assert len(bus.take_all(QUEUE)) == 2


def test_dropping_wants_a_yes(ctl: Ctl, letters: list[str]) -> None:
    assert "Aborted" in ctl.complaint("dead-letters", "drop", *letters)
    assert len(ctl.json("dead-letters", "list")) == 2

    assert ctl.json("dead-letters", "drop", "--yes", *letters) == {"dropped": 2}

    assert ctl.json("dead-letters", "list") == []


@pytest.mark.parametrize("order", ["retry", "drop"])
def test_what_is_meant_must_be_said(ctl: Ctl, letters: list[str], order: str) -> None:
    yes = ["--yes"] if order == "drop" else []

    assert "name dead letters, or say --all" in ctl.complaint("dead-letters", order, *yes)
    assert "There is no dead letter unknown" in ctl.complaint(
        "dead-letters", order, *yes, letters[0], "unknown"
    )
    assert len(ctl.json("dead-letters", "list")) == 2


def test_a_letter_whose_queue_is_gone_stays(bus: Bus, ctl: Ctl, letters: list[str]) -> None:
    with bus.connected() as connection:
        connection.channel().queue_delete(QUEUE)

    assert f"no queue wants {QUEUE}" in ctl.complaint("dead-letters", "retry", "--all")
    assert len(ctl.json("dead-letters", "list")) == 2
