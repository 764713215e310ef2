"""The feed has one order without gaps, whoever appends, and however they are interrupted."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from archive_shared.access import Answers, Caller, Question
from archive_shared.documents import Document, Documents
from feed.domain.entry import EVENTS, SEQUENCE, key
from feed.domain.problems import NoLongerKept
from feed.domain.selection import Selection
from feed.use_cases import read_feed
from feed.use_cases.append_event import Sequencer
from feed.use_cases.prune import Pruner
from feed.use_cases.read_feed import Reader
from tests.support.clocks import StoppedClock
from tests.support.feed import AT, an_entry

APPENDERS = 4
EACH = 40


def administrator(questions: Any) -> Answers:
    return Answers(Caller("root", "root", 1, administrator=True), [True] * len(questions))


def read_all(reader: Reader, after: int = 0) -> list[str]:
    page = reader.page(administrator, Selection(), after=after, limit=10_000)
    return [entry.event for entry in page.entries]


class Interrupted:
    """A store whose user dies right after the head was changed, before the entry is copied to its place."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def __getattr__(self, name: str) -> Any:
        return getattr(self._documents, name)

    def put_new(self, collection: str, document: Document) -> Document:
        if collection == EVENTS.name:
            raise SystemExit("killed")
        return self._documents.put_new(collection, document)


def interrupted(documents: Documents) -> Documents:
    return Interrupted(documents)


def test_events_keep_the_order_they_were_appended_in_and_positions_are_dense(documents: Documents) -> None:
    sequencer = Sequencer(documents)
    for number in range(5):
        sequencer.append(an_entry(number))

    page = Reader(documents).page(administrator, Selection(), after=0, limit=10)

    assert [(entry.position, entry.event) for entry in page.entries] == [
        (number + 1, f"event-{number}") for number in range(5)
    ]


def test_an_event_delivered_again_is_not_appended_again(documents: Documents) -> None:
    for number in (0, 1, 0, 0, 1):
        Sequencer(documents).append(an_entry(number))

    assert read_all(Reader(documents)) == ["event-0", "event-1"]


def test_readers_beside_many_appenders_miss_nothing_and_see_nothing_twice(documents: Documents) -> None:
    """Every event is appended by two appenders, as after a redelivery, while readers follow with cursors."""
    done = threading.Event()

    def append(appender: int) -> None:
        sequencer = Sequencer(documents)
        for number in range(EACH):
            sequencer.append(an_entry((appender // 2) * EACH + number))

    def follow(limit: int) -> list[str]:
        reader, position, seen = Reader(documents), 0, []
        while True:
            ended = done.is_set()
            page = reader.page(administrator, Selection(), after=position, limit=limit)
            seen += [entry.event for entry in page.entries]
            position = page.position
            if ended and not page.entries:
                return seen

    with ThreadPoolExecutor(APPENDERS + 2) as threads:
        followers = [threads.submit(follow, limit) for limit in (1, 7)]
        for appending in [threads.submit(append, number) for number in range(APPENDERS)]:
            appending.result()
        done.set()
        followed = [follower.result() for follower in followers]

    in_order = read_all(Reader(documents))
    assert sorted(in_order) == sorted(f"event-{number}" for number in range(APPENDERS // 2 * EACH))
    assert followed == [in_order, in_order]


def test_who_died_between_taking_a_position_and_filling_it_leaves_no_gap(documents: Documents) -> None:
    Sequencer(documents).append(an_entry(0))
    with pytest.raises(SystemExit):
        Sequencer(interrupted(documents)).append(an_entry(1))
    assert read_all(Reader(documents)) == ["event-0"]

    Sequencer(documents).append(an_entry(2))

    assert read_all(Reader(documents)) == ["event-0", "event-1", "event-2"]


def test_the_event_whose_appender_died_is_there_once_when_it_is_delivered_again(documents: Documents) -> None:
    with pytest.raises(SystemExit):
        Sequencer(interrupted(documents)).append(an_entry(1))

    Sequencer(documents).append(an_entry(1))

    assert read_all(Reader(documents)) == ["event-1"]


def test_who_slept_while_others_appended_and_pruned_cannot_take_an_old_position(documents: Documents) -> None:
    """It read the head long ago; with "the next free identifier" its event would land behind every reader."""
    Sequencer(documents).append(an_entry(0))
    asleep = documents.get(SEQUENCE.name, "feed")
    assert asleep is not None
    for number in range(1, 6):
        Sequencer(documents).append(an_entry(number))
    clock = StoppedClock()
    assert Pruner(documents, clock, days=30, most_events=2).prune() == 4

    class Stale(Sequencer):
        heads = iter([asleep])

        def _head(self) -> Document:
            return next(self.heads, None) or super()._head()

    Stale(documents).append(an_entry(9))

    assert read_all(Reader(documents), after=4) == ["event-4", "event-5", "event-9"]
    assert documents.get(EVENTS.name, key(2)) is None


def test_a_page_looks_at_so_much_and_no_more_and_says_where_to_go_on(
    documents: Documents, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it costs does not depend on the size of the feed."""
    monkeypatch.setattr(read_feed, "CHUNK", 10)
    monkeypatch.setattr(read_feed, "MOST_LOOKED_AT", 40)
    for number in range(41):
        Sequencer(documents).append(an_entry(number))
    reader, asked = Reader(documents), []

    def stranger(questions: Sequence[Question]) -> Answers:
        asked.append(questions)
        return Answers(Caller("x", "x", 2), [False] * len(questions))

    first = reader.page(stranger, Selection(), after=0, limit=10)
    second = reader.page(stranger, Selection(), after=first.position, limit=10)

    assert (first.position, first.more, len(first.entries)) == (40, True, 0)
    assert (second.position, second.more, len(second.entries)) == (41, False, 0)
    assert len(asked) == (1 + 4) + (1 + 1)  # who asks, then once per chunk


def test_what_is_too_old_or_too_much_is_forgotten_but_never_the_newest(documents: Documents) -> None:
    clock = StoppedClock()
    for number in range(10):
        Sequencer(documents).append(an_entry(number))

    assert Pruner(documents, clock, days=30, most_events=4).prune() == 6
    assert Pruner(documents, clock, days=30, most_events=4).prune() == 0
    assert Reader(documents).start() == 6
    clock.advance((clock.now() - AT).total_seconds() + 31 * 86400)
    assert Pruner(documents, clock, days=30, most_events=100).prune() == 3
    assert read_all(Reader(documents), after=9) == ["event-9"]

    Sequencer(documents).append(an_entry(10))
    assert Reader(documents).newest() == 11


@pytest.mark.parametrize("cursor", [0, 5, 99])
def test_a_cursor_before_what_is_kept_or_of_another_feed_is_refused(
    documents: Documents, cursor: int
) -> None:
    for number in range(10):
        Sequencer(documents).append(an_entry(number))
    Pruner(documents, StoppedClock(), days=30, most_events=4).prune()

    with pytest.raises(NoLongerKept):
        read_all(Reader(documents), after=cursor)
    assert len(read_all(Reader(documents), after=6)) == 4
    assert read_all(Reader(documents), after=10) == []
