"""Replay: what the log holds is handed out first, then the service's queue; nothing between the two gets lost.

The queue is bound before the end of the log is looked up. So what the queue does not hold, because it was published
before, is in the log up to that end; what both hold is told apart by its identifier. How far the replay is, is noted
on the broker, so that one that was interrupted goes on, and one that was finished is not done again.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from archive_subscriber.bookmark import Bookmark, Progress
from archive_subscriber.desk import Desk
from archive_subscriber.link import Link
from archive_subscriber.log_reader import LogReader
from archive_subscriber.problems import LinkBroken
from archive_subscriber.topology import lock_name, own_queue

Since = datetime | int | Literal["first", "next"] | None

NOTE_EVERY_S = 5.0
LOOK_EVERY_S = 30.0
MARGIN_S = 1.0
"""What was sent before the queue was bound must have got into the log after this time."""

CLOCKS_DIFFER = timedelta(minutes=1)
"""The broker finds a time in the log by its own clock, events tell that of who said them."""

log = logging.getLogger("archive_subscriber")


@dataclass(frozen=True)
class Start:
    """Where in the log a replay begins: as text to remember it by, as the broker wants it, and as events tell it."""

    text: str
    position: str | int | datetime
    earliest: datetime | None = None


def start_of(since: Since) -> Start | None:
    """Read what a subscriber asked for; None means to begin with what comes next."""
    if since is None or since == "next":
        return None
    if isinstance(since, datetime):
        if since.tzinfo is None:
            raise ValueError("since must be an aware datetime, one with a time zone")
        return Start(since.astimezone(UTC).isoformat(), since - CLOCKS_DIFFER, earliest=since)
    if since == "first":
        return Start("first", "first")
    if type(since) is int and since >= 0:
        return Start(f"offset {since}", since)
    raise ValueError(f'since must be an aware datetime, an offset, "first" or "next", not {since!r}')


class Replay:
    """The replay of one subscription, over all its connections; lives in the courier's thread.

    One instance of a service replays, the others handle meanwhile what is in the queue. When the one ends, another
    takes over.
    """

    def __init__(
        self, start: Start, service: str, reader: LogReader, desk: Desk, last_offset: Callable[..., int]
    ) -> None:
        self._start = start
        self._queue = own_queue(service).name
        self._lock = lock_name(service)
        self._bookmark = Bookmark(service)
        self._reader = reader
        self._desk = desk
        self._last_offset = last_offset
        self._noted = Progress(start.text)
        self._is_ours = False
        self._is_over = False
        self._acted_at_s = 0.0
        desk.log_settled = reader.settled

    def prepare(self, link: Link) -> None:
        """Find out whether there is something to do, and for us; to be called before the queue is declared.

        Before a new queue is declared, it is noted that it has not got its past yet.
        """
        self._is_over = False
        self._is_ours = link.lock(self._lock)
        self._acted_at_s = time.monotonic()
        if not self._is_ours:
            return
        if not self._goes_on(link):
            self._reader.forget()
            self._note(link, Progress(self._start.text))
        self._end_if_finished(link)

    def begin(self, link: Link) -> bool:
        """Begin to hand out what the log holds, if that is to be done; to be called after the queue is bound."""
        if not self._is_ours or self._is_over:
            return False
        if self._noted.until is None:
            self._note(link, Progress(self._start.text, until=self._last_offset(after_s=MARGIN_S)))
        assert self._noted.until is not None
        log.info("replaying the log into %s, %s", self._queue, self._noted)
        self._reader.begin(
            link,
            self._noted.next,
            self._start.position,
            earliest=self._start.earliest,
            until=self._noted.until,
        )
        return True

    def tick(self, link: Link) -> None:
        """Do what is due; to be called about once a second, and whenever something was received."""
        if self._is_over:
            return
        if not self._is_ours:
            self._look_whether_it_was_left(link)
        elif self._reader.has_just_ended():
            link.stop_reading()
            link.consume(self._queue, self._desk.receive)
        elif self._reader.is_settled or time.monotonic() - self._acted_at_s > NOTE_EVERY_S:
            self.note(link)

    def note(self, link: Link) -> None:
        """Note how far everything is settled."""
        next = self._reader.next
        if self._is_ours and not self._is_over and next is not None:
            self._note(link, self._noted.at(next))
            self._end_if_finished(link)

    def _goes_on(self, link: Link) -> bool:
        """Take up an earlier replay, finished or not, if it is for the same queue and since the same time."""
        is_known = link.has(self._queue)
        noted = self._bookmark.read(link)
        if noted is None or not is_known or noted.since != self._start.text:
            # What is in the log from here on may be in a new queue as well; in an old one, anything may be.
            self._desk.overlap_from = 0 if is_known else self._last_offset(after_s=0) + 1
            return False
        self._noted = noted
        return True

    def _end_if_finished(self, link: Link) -> None:
        if self._noted.is_finished:
            self._is_over = True
            link.unlock(self._lock)

    def _look_whether_it_was_left(self, link: Link) -> None:
        if time.monotonic() - self._acted_at_s < LOOK_EVERY_S:
            return
        self._acted_at_s = time.monotonic()
        if not link.lock(self._lock):
            return
        self._is_ours = True
        if not self._goes_on(link) or not self._noted.is_finished:
            raise LinkBroken("the replay was left unfinished and is ours now")
        self._end_if_finished(link)

    def _note(self, link: Link, progress: Progress) -> None:
        self._acted_at_s = time.monotonic()
        self._bookmark.write(link, progress)
        self._noted = progress
