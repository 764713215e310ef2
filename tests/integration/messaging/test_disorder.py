"""One event in a hundred comes twice, one late, one in the wrong order: whoever listens ends with the same knowledge."""

import random
from collections.abc import Sequence

import pytest

from archive_shared.documents.sqlite import SqliteDocuments
from archive_shared.events import ItemUpdated
from archive_shared.messaging.published import Envelope, Published
from archive_shared.messaging.publisher import Publisher
from archive_shared.outbox.relay import Relay
from tests.support import parts
from tests.support.announcing import ANNOUNCING, EFFECTS, VIEWS, Counter, counters_in
from tests.support.bus import Bus
from tests.support.parts import QUEUE, run_consumer
from tests.support.processes import wait_until
from tests.support.threads import running

SHARE = 0.01
COUNTERS_MADE = 100
COUNTED = 12


class Disorderly:
    """Passes on to a publisher what it is given, but some of it twice, some later, some after what follows it."""

    def __init__(self, publisher: Publisher, chance: random.Random) -> None:
        self._publisher = publisher
        self._chance = chance
        self._late: list[Envelope] = []

    def publish_all(self, envelopes: Sequence[Envelope]) -> Published:
        shuffled = list(envelopes)
        self._chance.shuffle(shuffled)
        late, twice = (
            [each for each in shuffled if self._chance.random() < SHARE] for _ in ("late", "twice")
        )
        self._late += [*late, *twice]
        sent = self._publisher.publish_all([each for each in shuffled if each not in late])
        return Published({*sent.confirmed, *(each["id"] for each in late)}, sent.unroutable, sent.trouble)

    def say_the_rest(self) -> int:
        """Publish what was kept back, long after everything else."""
        self._publisher.publish_all(self._late)
        return len(self._late)

    def publish(self, envelope: Envelope) -> None:
        self._publisher.publish(envelope)

    def hint(self, queue: str, job_id: str) -> None:
        self._publisher.hint(queue, job_id)

    def keep_alive(self) -> None:
        self._publisher.keep_alive()

    def close(self) -> None:
        self._publisher.close()


def listen_in_disorder(bus: Bus, documents: SqliteDocuments) -> tuple[dict[str, int], int]:
    """Have counters announce their steps, and return what a listener knows of them, and how much it did."""
    bus.listen(QUEUE, ItemUpdated)
    for number in range(COUNTERS_MADE):
        counter = Counter(id=f"c{number}")
        for _ in range(COUNTED):
            counter.count()
        counters_in(documents).add(counter)
    with bus.publisher() as publisher, running(lambda stop: run_consumer(bus, documents, stop)):
        disorderly = Disorderly(publisher, random.Random(7))
        while Relay(documents, ANNOUNCING, disorderly).run_once().published:
            pass
        assert disorderly.say_the_rest() > COUNTED
        wait_until(lambda: bus.size(QUEUE) == 0, timeout_s=60, what="an empty queue")
        wait_until(
            lambda: documents.count(EFFECTS.name) == COUNTERS_MADE * COUNTED, timeout_s=60, what="all effects"
        )
    return {view["_id"]: view["sequence"] for view in documents.find(VIEWS.name)}, documents.count(
        EFFECTS.name
    )


def test_disorder_changes_nothing(bus: Bus, documents: SqliteDocuments) -> None:
    known, effects = listen_in_disorder(bus, documents)

    assert known == {f"c{number}": COUNTED for number in range(COUNTERS_MADE)}
    assert effects == COUNTERS_MADE * COUNTED


def test_a_listener_that_believes_whatever_comes_last_is_noticed(
    bus: Bus, documents: SqliteDocuments, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "is_news", lambda seen, received: True)

    known, _ = listen_in_disorder(bus, documents)

    assert known != {f"c{number}": COUNTED for number in range(COUNTERS_MADE)}
