"""Bugs to be planted in relay, claim, commit and consumer, each of which takes one safety away.

The suite of crash points must notice every one of them; a suite that does not is worth nothing. `plant` changes the code of the
present process for good, so it is called in processes that exist for that only.
"""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from archive_shared.documents import Document
from archive_shared.identifiers import new_id
from archive_shared.jobs.job import Job, JobState
from archive_shared.jobs.sweep import JobSweep
from archive_shared.messaging.consumer import _Consumer
from archive_shared.messaging.deliveries import Delivery
from archive_shared.messaging.verdicts import History
from archive_shared.outbox.batch import Batch, without
from archive_shared.outbox.relay import Relay
from tests.support import parts

NEVER = "9999-12-31T00:00:00.000000Z"


def without_fence() -> None:
    """Whoever ever held a job may write about it."""

    def is_held_by(job: Job, owner: str, epoch: int) -> bool:
        return True

    Job.is_held_by = is_held_by  # type: ignore[method-assign, assignment]


def without_take_back() -> None:
    """A job whose worker died stays with it."""

    def is_claimable(job: Job, now: datetime) -> bool:
        return job.state is JobState.QUEUED and job.due_at <= now

    Job.is_claimable = is_claimable  # type: ignore[method-assign, assignment]


def removing_before_publishing() -> None:
    """The relay takes events out of the outbox and publishes them then."""

    def publish_all(relay: Relay, collection: str) -> tuple[int, int]:
        batch = Batch(relay._waiting(collection))
        for identifier, document in batch._documents.items():
            ids = {envelope["id"] for envelope in document["outbox"]}
            relay._documents.mutate(collection, identifier, partial(without, ids))
        while wave := batch.wave():
            batch.note(relay._publisher.publish_all(wave))
        return batch.published, 0

    Relay._publish_all = publish_all  # type: ignore[method-assign, assignment]


def acknowledging_before_handling() -> None:
    """The consumer tells the broker that an event was handled, and handles it then."""
    attempt = _Consumer._attempt

    def attempt_later(consumer: _Consumer, delivery: Delivery, history: History) -> None:
        delivery.acknowledge()
        delivery.acknowledge = lambda: None  # type: ignore[method-assign]
        attempt(consumer, delivery, history)

    _Consumer._attempt = attempt_later  # type: ignore[method-assign, assignment]


def hinting_once() -> None:
    """The sweep hints at a job and never looks at it again."""

    def put_off(sweep: JobSweep, document: Document) -> Document:
        return document | {"job": document["job"] | {"hint_at": NEVER}}

    JobSweep._put_off = put_off  # type: ignore[method-assign, assignment]


def acting_twice() -> None:
    """The listener does not notice that it has seen an event before."""
    parts.effect_of = lambda received: new_id()


MUTANTS: dict[str, Callable[[], None]] = {
    mutant.__name__: mutant
    for mutant in (
        without_fence,
        without_take_back,
        removing_before_publishing,
        acknowledging_before_handling,
        hinting_once,
        acting_twice,
    )
}


def plant(mutant: str) -> None:
    """Plant a bug by its name; the empty name plants none."""
    if mutant:
        MUTANTS[mutant]()
