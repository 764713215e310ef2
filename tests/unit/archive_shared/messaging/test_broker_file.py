"""The embedded broker itself: topic patterns, and what contract tests cannot see from outside."""

import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive_shared.messaging import broker_file
from archive_shared.messaging.binding_keys import matches
from archive_shared.messaging.broker_file import BrokerFile

WORDS = st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=5)
PATTERN = st.lists(st.sampled_from(["a", "b", "*", "#"]), min_size=1, max_size=5)
LOG = {"x-queue-type": "stream", "x-max-age": "1D"}


@given(PATTERN, WORDS)
def test_patterns_match_as_regular_expressions_would(pattern: list[str], words: list[str]) -> None:
    meaning = {"*": r"\.[^.]+", "#": r"(\.[^.]+)*"}
    expression = "".join(meaning.get(word, rf"\.{word}") for word in pattern)

    assert matches(pattern, words) == bool(re.fullmatch(expression, "".join(f".{word}" for word in words)))


@pytest.fixture
def clock() -> list[float]:
    """The time in seconds is the last of these."""
    return [1_000_000.0]


@pytest.fixture
def broker(tmp_path: Path, clock: list[float]) -> Iterator[BrokerFile]:
    broker = BrokerFile(tmp_path / "bus.db", now_s=lambda: clock[-1])
    yield broker
    broker.close()


def a_message(text: str) -> dict[str, Any]:
    return {
        "body": text,
        "headers": {},
        "properties": {"delivery_info": {"exchange": "", "routing_key": "q"}},
    }


def test_the_file_is_for_its_owner_alone(broker: BrokerFile, tmp_path: Path) -> None:
    assert {file.stat().st_mode & 0o777 for file in tmp_path.glob("bus.db*")} == {0o600}


def test_declaring_what_is_there_needs_no_lock(broker: BrokerFile, tmp_path: Path) -> None:
    broker.declare_exchange("e", "topic")
    broker.declare_queue("q", {"x": 1})
    broker.bind("q", "e", "#")
    writer = BrokerFile(tmp_path / "bus.db")
    writer._connection.execute("begin immediate")

    broker.declare_exchange("e", "topic")
    assert broker.declare_queue("q", {"x": 1})
    assert not broker.declare_queue("q", {"x": 2})
    broker.bind("q", "e", "#")
    broker.unbind("q", "e", "other")

    writer._connection.execute("rollback")
    writer.close()


def test_a_log_gives_what_came_after_a_number(broker: BrokerFile) -> None:
    broker.declare_queue("log", LOG)
    for text in "abc":
        broker.publish("", "log", a_message(text))

    first, second, _ = broker.read_log("log", after=0, limit=10)

    assert [each.payload["body"] for each in broker.read_log("log", after=first.number, limit=1)] == ["b"]
    assert [each.payload["body"] for each in broker.read_log("log", after=second.number, limit=10)] == ["c"]
    assert broker.take("log", visible_again_s=1) is None


def test_a_log_forgets_what_is_too_old(
    broker: BrokerFile, clock: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broker_file, "_TRIM_EVERY", 2)
    broker.declare_queue("log", LOG)
    clock.append(0)
    broker.publish("", "log", a_message("old"))
    clock.append(86_401)

    broker.publish("", "log", a_message("new"))

    assert [each.payload["body"] for each in broker.read_log("log", after=0, limit=10)] == ["new"]


def test_all_queues_get_a_message_or_none_does(broker: BrokerFile, monkeypatch: pytest.MonkeyPatch) -> None:
    broker.declare_exchange("e", "fanout")
    for queue in ("q1", "q2"):
        broker.declare_queue(queue, {})
        broker.bind(queue, "e", "")
    put = broker._put

    def break_at_the_second(queue: str, payload: dict[str, Any]) -> None:
        if queue == "q2":
            raise sqlite3.OperationalError("disk full")
        put(queue, payload)

    monkeypatch.setattr(broker, "_put", break_at_the_second)

    with pytest.raises(sqlite3.OperationalError):
        broker.publish("e", "", a_message("m"))

    assert broker.size("q1") == 0


def test_a_deleted_queue_is_really_gone(broker: BrokerFile) -> None:
    broker.declare_queue("q", {})
    broker.publish("", "q", a_message("m"))

    broker.delete_queue("q")

    assert not broker.has_queue("q")
    broker.declare_queue("q", {})
    assert broker.size("q") == 0


def test_a_message_comes_back_when_its_time_is_up(broker: BrokerFile, clock: list[float]) -> None:
    broker.declare_queue("q", {})
    broker.publish("", "q", a_message("m"))
    first = broker.take("q", visible_again_s=10)
    assert first is not None

    clock.append(clock[-1] + 9)
    assert broker.take("q", visible_again_s=10) is None
    clock.append(clock[-1] + 1)
    again = broker.take("q", visible_again_s=10)

    assert again is not None
    assert (first.deliveries, again.deliveries) == (1, 2)
    broker.settle(first.tag)
    broker.extend([first.tag], visible_again_s=100)
    clock.append(clock[-1] + 10)
    assert broker.size("q") == 1


def test_publishing_waits_for_the_disk_and_consuming_does_not(broker: BrokerFile) -> None:
    broker.declare_queue("q", {})
    statements: list[str] = []
    broker._connection.set_trace_callback(statements.append)

    broker.publish("", "q", a_message("kept"))
    taken = broker.take("q", visible_again_s=30)
    assert taken is not None
    broker.settle(taken.tag)

    assert settings_of_writes(statements) == [
        ("insert into message", "full"),
        ("commit", "full"),
        ("update message", "normal"),
        ("delete from message", "normal"),
    ]


def test_who_asked_for_messages_is_on_the_disk_before_any_comes(broker: BrokerFile) -> None:
    """A power cut that forgets a subscription would lose what is published after it."""
    statements: list[str] = []
    broker._connection.set_trace_callback(statements.append)

    broker.declare_exchange("events", "topic")
    broker.declare_queue("q", {})
    broker.bind("q", "events", "#")

    assert settings_of_writes(statements) == [("insert or ignore", "full")] * 3


def settings_of_writes(statements: list[str]) -> list[tuple[str, str]]:
    """Return what was written with which setting of `synchronous`; SQLite waits for the disk with "full" only."""
    writes, setting = [], "normal"
    for statement in statements:
        setting = statement.removeprefix("pragma synchronous = ") if "synchronous" in statement else setting
        if written := re.match(
            "insert into message|insert or ignore|update message|delete from message|commit", statement
        ):
            writes.append((written[0], setting))
    return writes
