"""Dead letters: looked at without losing them, retried in their own queue only, dropped."""

import os
import signal

import pytest

from archive_shared.errors import Invalid
from archive_shared.events import ItemCreated
from archive_shared.messaging.dead_letters import DeadLetter, drop, list_dead_letters, retry
from archive_shared.messaging.deliveries import Delivery
from archive_shared.messaging.errors import Unroutable
from archive_shared.wire.cloud_events import ReceivedEvent, decode
from tests.support.bus import Bus, an_item, consuming, start
from tests.support.processes import wait_until

QUEUE = "a-listener.events"


def refuse(received: ReceivedEvent) -> None:
    raise Invalid({"item": [received.subject]})


def listed(bus: Bus) -> list[DeadLetter]:
    with bus.connected() as connection:
        return list_dead_letters(connection)


@pytest.fixture
def letters(bus: Bus) -> list[DeadLetter]:
    """Three events that one of two listeners could not handle."""
    bus.listen(QUEUE, ItemCreated)
    bus.listen("sibling", ItemCreated)
    bus.publish(*map(an_item, range(3)))
    with consuming(bus, QUEUE, {ItemCreated: refuse}):
        wait_until(lambda: len(listed(bus)) == 3, timeout_s=20, what="dead letters")
    bus.take_all("sibling")
    return listed(bus)


def test_looking_changes_nothing(bus: Bus, letters: list[DeadLetter]) -> None:
    for _ in range(25):
        assert {each.id for each in listed(bus)} == {each.id for each in letters}


def test_a_dead_letter_says_everything(letters: list[DeadLetter]) -> None:
    letter = next(each for each in letters if "item-1" in each.reason)

    assert (letter.queue, letter.routing_key, letter.attempts) == (QUEUE, ItemCreated.TYPE, 1)
    assert letter.reason == "Invalid: item: item-1"
    assert letter.at is not None
    assert decode(letter.headers, letter.content_type, letter.body).event == an_item(1)


def test_retrying_reaches_the_queue_it_came_from_and_no_other(bus: Bus, letters: list[DeadLetter]) -> None:
    with bus.connected() as connection:
        assert retry(connection, [letters[0].id]) == 1

    [again] = bus.take_all(QUEUE)
    assert again.message_id == letters[0].message_id
    assert decode(again.headers, again.content_type, again.body).id == letters[0].message_id
    assert bus.take_all("sibling") == []
    assert {each.id for each in listed(bus)} == {letters[1].id, letters[2].id}


def test_a_retried_event_can_become_a_dead_letter_again(bus: Bus, letters: list[DeadLetter]) -> None:
    with bus.connected() as connection:
        retry(connection, [letters[0].id])

    with consuming(bus, QUEUE, {ItemCreated: refuse}):
        wait_until(lambda: len(listed(bus)) == 3, timeout_s=20)

    assert letters[0].id not in {each.id for each in listed(bus)}


def test_a_letter_whose_queue_is_gone_stays(bus: Bus, letters: list[DeadLetter]) -> None:
    with bus.connected() as connection:
        connection.channel().queue_delete(QUEUE)

    with bus.connected() as connection, pytest.raises(Unroutable):
        retry(connection, [letters[0].id])

    assert len(listed(bus)) == 3


def test_dropping_forgets(bus: Bus, letters: list[DeadLetter]) -> None:
    with bus.connected() as connection:
        assert drop(connection, [letters[1].id, "unknown"]) == 1

    assert {each.id for each in listed(bus)} == {letters[0].id, letters[2].id}


def test_what_a_consumer_rejected_says_where_it_came_from(bus: Bus) -> None:
    bus.listen(QUEUE, ItemCreated)
    bus.publish(an_item(1))

    with bus.connected() as connection:
        channel = connection.channel()
        message = wait_until(lambda: channel.basic_get(QUEUE), timeout_s=5)
        channel.basic_reject(message.delivery_tag, requeue=False)

    [letter] = wait_until(lambda: listed(bus), timeout_s=5)
    assert (letter.queue, letter.routing_key) == (QUEUE, ItemCreated.TYPE)
    assert "rejected" in letter.reason


def retry_and_die(bus: Bus, ids: list[str]) -> None:
    """Retry, and be killed when a letter is in its queue again but not removed yet."""
    with pytest.MonkeyPatch.context() as patch, bus.connected() as connection:
        patch.setattr(Delivery, "acknowledge", lambda _: os.kill(os.getpid(), signal.SIGKILL))
        retry(connection, ids)


def test_an_operator_killed_while_retrying_loses_nothing(bus: Bus, letters: list[DeadLetter]) -> None:
    process = start(retry_and_die, bus, [letters[0].id])
    process.join(30)

    assert process.exitcode == -signal.SIGKILL
    wait_until(lambda: len(listed(bus)) == 3, timeout_s=20, what="the letters")  # they come back
    assert [each.message_id for each in bus.take_all(QUEUE)] == [letters[0].message_id]
