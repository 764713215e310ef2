"""Work that several threads carry through stages is seen in its order, and what goes wrong is told."""

from collections.abc import Callable, Iterator
from itertools import count
from threading import Event, Thread

import pytest

from archive_shared.in_order import carry_in_order


@pytest.mark.parametrize("threads", [1, 3])
def test_work_on_threads_keeps_order_and_looks_ahead_only_a_little(threads: int) -> None:
    asked: list[int] = []
    shown: list[int] = []
    taken: list[int] = []
    ahead: list[int] = []

    def numbers() -> Iterator[int]:
        for number in range(50):
            asked.append(number)
            ahead.append(len(asked) - len(taken))
            yield number

    carry_in_order(
        numbers(), threads, show=shown.append, make=lambda number: number * number, take=taken.append
    )

    assert shown == asked == list(range(50))
    assert taken == [number * number for number in range(50)]
    assert max(ahead) <= threads


def test_an_item_that_takes_long_to_make_is_waited_for_by_those_after_it() -> None:
    others_are_made = Event()
    taken: list[int] = []

    def make(number: int) -> int:
        if number == 0:
            others_are_made.wait(60)
        elif number == 2:
            others_are_made.set()
        return number

    carry_in_order(range(9), 3, show=lambda _: None, make=make, take=taken.append)

    assert taken == list(range(9))


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("bad", ["asked", "shown", "made", "taken"])
def test_what_goes_wrong_on_a_thread_is_told_and_nothing_after_it_is_taken(bad: str, threads: int) -> None:
    taken: list[int] = []

    def fails_at_seven(stage: str) -> Callable[[int], int]:
        return lambda number: number // (bad != stage or number != 7)

    def take(number: int) -> None:
        taken.append(fails_at_seven("taken")(number))

    items = map(fails_at_seven("asked"), range(50))
    with pytest.raises(ZeroDivisionError):
        carry_in_order(items, threads, show=fails_at_seven("shown"), make=fails_at_seven("made"), take=take)

    assert taken == list(range(len(taken)))
    assert len(taken) <= 7


def test_of_several_items_that_go_wrong_the_first_is_told() -> None:
    second_went_wrong = Event()

    def make(number: int) -> int:
        if number == 1:
            second_went_wrong.set()
            raise ValueError("second")
        second_went_wrong.wait(60)
        raise ValueError("first")

    with pytest.raises(ValueError, match="first"):
        carry_in_order(range(9), 2, show=lambda _: None, make=make, take=lambda _: None)


def test_work_without_end_is_given_up_where_there_is_no_thread_for_all_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    started: list[Thread] = []

    class OnlyOne(Thread):
        def start(self) -> None:
            if started:
                raise RuntimeError("can't start new thread")
            started.append(self)
            super().start()

    monkeypatch.setattr("archive_shared.in_order.Thread", OnlyOne)

    with pytest.raises(RuntimeError, match="can't start new thread"):
        carry_in_order(count(), 3, show=lambda _: None, make=lambda number: number, take=lambda _: None)

    assert not started[0].is_alive()
