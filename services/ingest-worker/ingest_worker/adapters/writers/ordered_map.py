"""Applies a function on several threads, keeping order and looking ahead only a little."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count, islice
from threading import Condition, Lock
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

LOOK_AHEAD = 2


def ordered_map(
    function: Callable[[Item], Result],
    items: Iterable[Item],
    threads: int,
    *,
    in_turn: Callable[[Item], object],
) -> Iterator[Result]:
    """Yield function(item) for each item in order, with `threads` + 2 of them in memory at most.

    One thread does everything for an item, beginning with asking `items` for it: what is made of it next is found in the
    caches of the same processor, which doubles the speed of a digest.

    Parameters
    ----------
    items
        Asked for one at a time, though not always by the same thread.
    in_turn
        Shown each item before `function` is, in order and one at a time.
    """
    if threads > 1:
        yield from _on_threads(function, iter(items), threads, in_turn)
        return
    for item in items:
        in_turn(item)
        yield function(item)


def _on_threads(
    function: Callable[[Item], Result], items: Iterator[Item], threads: int, in_turn: Callable[[Item], object]
) -> Iterator[Result]:
    turns, showing = _Turns(), Lock()

    def served(number: int) -> list[Result]:
        """Return the result for the item with this number, none if there are fewer."""
        with turns.of(number):
            found = list(islice(items, 1))
            showing.acquire()  # while nobody else can have the next item, so that none overtakes another
        try:
            for item in found:
                in_turn(item)
        finally:
            showing.release()
        return [function(item) for item in found]

    with ThreadPoolExecutor(threads) as pool:
        numbers = count()
        running = deque(pool.submit(served, number) for number in islice(numbers, threads + LOOK_AHEAD))
        while results := running.popleft().result():
            yield from results
            running.append(pool.submit(served, next(numbers)))


class _Turns:
    """Lets threads pass one at a time, in the order of their numbers: 0, 1, 2 and so on."""

    def __init__(self) -> None:
        self._number = 0
        self._passed = Condition()

    @contextmanager
    def of(self, number: int) -> Iterator[None]:
        with self._passed:
            self._passed.wait_for(lambda: self._number == number)
        try:
            yield
        finally:
            with self._passed:
                self._number += 1
                self._passed.notify_all()
