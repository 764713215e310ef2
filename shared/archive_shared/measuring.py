"""What is measured: outboxes and jobs in the documents of a service, and what becomes of the events it hears."""

from collections.abc import Iterator, Mapping, Sequence

from archive_shared.clock import Clock, SystemClock, from_text, to_text
from archive_shared.documents import Documents, Where, at_most
from archive_shared.errors import Unavailable
from archive_shared.jobs.job import JobState
from archive_shared.messaging.verdicts import Done, Poison, RetryLater, Verdict
from archive_shared.metrics import JOBS, JOBS_AGE, MEASURED, OUTBOX, OUTBOX_AGE, SETTLED, Sample
from archive_shared.outbox.relay import WAITING

_OUTCOMES: Mapping[type[Verdict], str] = {Done: "done", RetryLater: "retried", Poison: "dead_letter"}


class DocumentsMeasure:
    """Measures the outboxes and jobs of a service; four or so small queries each, all of them served by indexes.

    Parameters
    ----------
    announcing
        Names of the collections whose documents announce events.
    jobs
        Names of the collections of jobs.
    """

    def __init__(
        self,
        service: str,
        documents: Documents,
        announcing: Sequence[str],
        *,
        jobs: Sequence[str] = (),
        clock: Clock | None = None,
    ) -> None:
        self._service = service
        self._documents = documents
        self._announcing = announcing
        self._jobs = jobs
        self._clock = clock or SystemClock()

    def __call__(self) -> list[Sample]:
        """Measure; when the documents do not answer, say that and nothing else."""
        service = {"service": self._service}
        try:
            return [*self._samples(), Sample(MEASURED, service, 1)]
        except Unavailable:
            return [Sample(MEASURED, service, 0)]

    def _samples(self) -> Iterator[Sample]:
        for name in self._announcing:
            yield from self._outbox(name)
        for name in self._jobs:
            yield from self._job_states(name)

    def _outbox(self, collection: str) -> Iterator[Sample]:
        labels = {"service": self._service, "collection": collection}
        oldest = self._documents.find(collection, WAITING, sort=[("outbox_since", 1)], limit=1)
        yield Sample(OUTBOX, labels, self._documents.count(collection, WAITING))
        yield Sample(
            OUTBOX_AGE, labels, max((self._age_s(each["outbox_since"]) for each in oldest), default=0.0)
        )

    def _job_states(self, collection: str) -> Iterator[Sample]:
        labels = {"service": self._service, "collection": collection}
        for state in (JobState.QUEUED, JobState.RUNNING):
            count = self._documents.count(collection, {"job_state": state.value})
            yield Sample(JOBS, {**labels, "state": state.value}, count)
        due: Where = {"job_state": JobState.QUEUED.value, "job_due_at": at_most(to_text(self._clock.now()))}
        oldest = self._documents.find(collection, due, sort=[("job_due_at", 1)], limit=1)
        yield Sample(
            JOBS_AGE, labels, max((self._age_s(each["job"]["due_at"]) for each in oldest), default=0.0)
        )

    def _age_s(self, since: str) -> float:
        return (self._clock.now() - from_text(since)).total_seconds()


class Tally:
    """Counts what became of the events a consumer heard."""

    def __init__(self, service: str) -> None:
        self._service = service
        self._counts = dict.fromkeys(_OUTCOMES.values(), 0)

    def note(self, verdict: Verdict) -> None:
        """Count what became of an attempt."""
        self._counts[_OUTCOMES[type(verdict)]] += 1

    def __call__(self) -> list[Sample]:
        """Say the counts."""
        service = {"service": self._service}
        return [Sample(SETTLED, {**service, "outcome": name}, count) for name, count in self._counts.items()]
