"""Puts events into the feed, each once and in one order; hears every event of the platform."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from archive_shared.clock import Clock
from archive_shared.documents import Document, Documents, Repository
from archive_shared.documents.mutation import attempts
from archive_shared.errors import Duplicate, NotFound, Stale, Unavailable
from archive_shared.events import (
    ImageImported,
    ItemCreated,
    ItemDeleted,
    ItemMoved,
    ItemRestored,
    ItemValueAdded,
    ItemValueRemoved,
    ItemValueReplaced,
    SessionFailed,
    SessionStarted,
    SessionSucceeded,
)
from archive_shared.wire.cloud_events import ReceivedEvent
from feed.domain.audience import NOBODY, Audience, audience_of, told
from feed.domain.entry import EVENTS, SEQUENCE, Entry, key
from feed.domain.whereabouts import Whereabouts
from feed.domain.whereabouts import key as whereabouts_key

PATIENCE = timedelta(seconds=45)
"""For how long an event about something unheard of is held back: longer than a message takes to come back whose
consumer died (the visibility timeout of the embedded bus). In a backlog events are older than that by themselves, so
holding back never makes a backlog longer."""

_HEAD = "feed"


class Sequencer:
    """Gives every event its position: 1, 2, 3, … without gaps, whoever appends, and however they die.

    One document, the head, holds the last position that was given and the entry it was given to; it is changed by
    compare-and-set alone. Its entry is copied to its place in the feed right afterwards, and in any case *before* the
    next position is given, by whoever gives it. Hence:

    - Where an entry can be read, all before it can be read, or were pruned. A reader that goes on from the
      last position it saw can miss nothing, and nothing appears behind it.
    - An event gets one position. It is looked for, by its identifier, after the head was read; had another process
      appended it since, the head would have changed and the compare-and-set would fail.
    - A process that was stopped for an hour between reading the head and writing it fails likewise, and starts again.
      One that was stopped before the copy writes what is there already.

    Costs two writes and three reads by key per event. On a replica set readers should ask for `readConcernLevel=majority`
    in the address of the store, as everywhere where a read must never be taken back.
    """

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def append(self, entry: Entry) -> None:
        """Append an event; one that is in the feed already is left alone.

        Raises
        ------
        Stale
            Too many others append at the same time.
        """
        for _ in attempts():
            head = self._head()
            self._copy(head)
            if self._documents.count(EVENTS.name, {"event": entry.event}):
                return
            wanted = head | {"position": head["position"] + 1, "entry": entry.document()}
            with suppress(Stale):
                self._copy(self._documents.save(SEQUENCE.name, wanted))
                return
        raise Stale("too many others append to the feed")

    def _head(self) -> Document:
        head = self._documents.get(SEQUENCE.name, _HEAD)
        if head is not None:
            return head
        with suppress(Duplicate):
            return self._documents.put_new(SEQUENCE.name, {"_id": _HEAD, "position": 0, "entry": None})
        return self._head()

    def _copy(self, head: Document) -> None:
        """Put the entry of the head where readers find it, unless it is there."""
        place = key(head["position"])
        if head["entry"] is not None and self._documents.get(EVENTS.name, place) is None:
            with suppress(Duplicate):
                self._documents.put_new(EVENTS.name, head["entry"] | {"_id": place})


class Listener:
    """Hears events: remembers what later ones will need, decides who may hear of this one, and appends it.

    Every step may happen again; doing it twice is doing it once.
    """

    def __init__(self, whereabouts: Repository[Whereabouts], sequencer: Sequencer, clock: Clock) -> None:
        self._whereabouts = whereabouts
        self._sequencer = sequencer
        self._clock = clock

    def hear(self, received: ReceivedEvent) -> None:
        """Take an event in.

        Raises
        ------
        Unavailable
            It is about an image or session that was not heard of yet, and young; to be tried again.
        """
        self._remember(received)
        data = asdict(received.event)
        self._sequencer.append(
            Entry(
                event=received.id,
                type=received.type,
                source=received.source,
                subject=received.subject,
                sequence=received.sequence,
                at=received.at,
                appended_at=self._clock.now(),
                audience=audience_of(
                    received.type, data, lambda kind, name: self._known(kind, name, received)
                ),
                data=told(data),
            )
        )

    def _known(self, kind: str, identifier: str, received: ReceivedEvent) -> Audience:
        found = self._whereabouts.get(whereabouts_key(kind, identifier))
        if found is not None:
            return found.audience()
        if self._clock.now() - received.at < PATIENCE:
            raise Unavailable(f"nothing was heard of {kind} {identifier} yet")
        return NOBODY

    def _remember(self, received: ReceivedEvent) -> None:
        match received.event:
            case SessionStarted() | SessionSucceeded() | SessionFailed() as session:
                self._note_origin("session", session.session, creator=session.creator, target=session.archive)
            case ImageImported() as image:
                self._note_origin("session", image.session, creator=image.creator, target=image.archive)
                self._note_origin("image", image.image, creator=image.creator, archive=image.archive)
            case ItemCreated() | ItemRestored() | ItemMoved() as item:
                self._note_holder(item.images, item.item, item.archive, received)
            case ItemValueAdded() as item:
                self._note_holder([item.image], item.item, item.archive, received)
            case ItemValueReplaced() as item:
                self._note_holder([item.previous_image], item.item, None, received)
                self._note_holder([item.image], item.item, item.archive, received)
            case ItemValueRemoved() as item:
                self._note_holder([item.image], item.item, None, received)
            case ItemDeleted() as item:
                self._note_holder(item.images, item.item, None, received)
            case _:
                pass

    def _note_origin(self, kind: str, identifier: str, **origin: Any) -> None:
        self._change(whereabouts_key(kind, identifier), lambda present: present.note_origin(**origin))

    def _note_holder(
        self, images: list[str], item: str, archive: str | None, received: ReceivedEvent
    ) -> None:
        for image in filter(None, images):  # "" stands for a value that is no image
            self._change(
                whereabouts_key("image", image),
                lambda present: present.note_holder(item, archive, sequence=received.sequence),
            )

    def _change(self, identifier: str, step: Callable[[Whereabouts], None]) -> None:
        try:
            self._whereabouts.change(identifier, step)
        except NotFound:
            first = Whereabouts(id=identifier)
            step(first)
            try:
                self._whereabouts.add(first)
            except Duplicate:  # somebody heard of it at the same time
                self._whereabouts.change(identifier, step)
