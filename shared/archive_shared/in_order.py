"""Carries items through stages on several threads, each item on one of them, with few in memory at a time."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from threading import Lock, Thread
from typing import Generic, TypeVar

Item = TypeVar("Item")
Made = TypeVar("Made")


def carry_in_order(
    items: Iterable[Item],
    threads: int,
    *,
    show: Callable[[Item], object],
    make: Callable[[Item], Made],
    take: Callable[[Made], object],
) -> None:
    """Call `show(item)` and then `take(make(item))` for each item, with as many items in memory as there are threads.

    One thread does everything for an item, beginning with asking `items` for it: what is made of it next is found in the
    caches of the same processor, which doubles the speed of a digest.

    Parameters
    ----------
    items
        Asked for one at a time, though not always by the same thread.
    threads
        That work on items, the caller's being one of them.
    show, take
        Called in the order of the items and one at a time, though not always by the same thread.
    make
        Called by all threads at the same time.

    Raises
    ------
    Exception
        What one of them raised, as soon as every thread is done with the item in its hand; of several items that cannot be
        made what the first raised. No later item is taken.
    """
    line = _Line(iter(items), show, make, take)
    others: list[Thread] = []
    try:
        for _ in range(threads - 1):
            other = Thread(target=line.work)  # an executor takes 10 ms to import
            other.start()
            others.append(other)
        line.work()
    except BaseException:  # interrupted between two items, or there was no thread to be had
        line.is_broken = True
        raise
    finally:
        for other in others:
            other.join()
    if line.problems:
        raise line.problems.pop()  # kept by nobody then: it holds on to the items that were in hand


class _Line(Generic[Item, Made]):
    """Where threads line up with their items."""

    def __init__(
        self,
        items: Iterator[Item],
        show: Callable[[Item], object],
        make: Callable[[Item], Made],
        take: Callable[[Made], object],
    ) -> None:
        self.items, self.show, self.make, self.take = items, show, make, take
        self.asking, self.showing = Lock(), Lock()
        self.last_taken = Lock()  # free once the item that was asked for last has been taken
        self.is_broken = False
        self.problems: list[BaseException] = []  # what went wrong first, if anything did

    def work(self) -> None:
        """Carry items through until there are no more, or something went wrong with one."""
        while self._carried():
            continue

    def _carried(self) -> bool:
        """Carry the next item through; False if there is none, or something went wrong with one before it."""
        taken = Lock()
        taken.acquire()
        try:
            found, before = self._shown(taken)
            made = self._made(found, before)
            for one in made if not self.is_broken else []:
                self.take(one)
        except BaseException as error:
            if not self.is_broken:  # what went wrong first is told
                self.is_broken = True
                self.problems.append(error)
            return False
        finally:
            taken.release()
        return bool(found) and not self.is_broken

    def _shown(self, taken: Lock) -> tuple[list[Item], Lock]:
        """Return the next item, if any, after it was shown, and what is free once the one before it has been taken."""
        with self.asking:
            before, self.last_taken = self.last_taken, taken
            found = list(islice(self.items, 1))
            self.showing.acquire()  # while nobody else can have the next item, so that none overtakes another
        try:
            for item in found:
                self.show(item)
        finally:
            self.showing.release()
        return found, before

    def _made(self, found: Sequence[Item], before: Lock) -> list[Made]:
        """Return what is made of the item, or raise why that cannot be, once the one before it has been taken."""
        try:
            return [self.make(item) for item in found]
        finally:
            before.acquire()
