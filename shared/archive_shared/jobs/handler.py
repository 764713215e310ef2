"""What a service tells a worker about one kind of job: the program that does it, and what its outcome means."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from archive_shared.jobs.job import JobAggregate

J = TypeVar("J", bound=JobAggregate)
J_contra = TypeVar("J_contra", bound=JobAggregate, contravariant=True)


@dataclass(frozen=True)
class JobPolicy:
    """How long, how often and with how much a job may be tried.

    Parameters
    ----------
    lease_s
        After how long a job whose worker died is given to another one; renewed every third of it.
    max_attempts
        How often it is started before it counts as failed; crashes of worker or program count.
    max_outages
        How often it may find a store that does not answer before that counts like a crash; with pauses of a minute this
        is more than a day.
    first_pause_s, longest_pause_s
        Before the next attempt; doubles from one to the other.
    grace_s
        How long a job may go on when the worker is asked to stop; then it is given back.
    time_limit_s
        How long one attempt may take; longer than that, the job fails for good.
    memory_bytes, file_bytes
        Limits of the program's address space and of the size of each file it writes; None for no limit.
    cpu_time_s, open_files
        Limits of the processor time of all its threads together, and of its file descriptors; None for no limit.
    progress_every_s
        Least time between two reports of progress that are stored.
    jobs_per_program
        How many jobs a program does before another one takes its place, if all goes well. More than one saves starting
        time, and is for programs that leave what is uploaded to processes of their own.
    """

    lease_s: float = 30.0
    max_attempts: int = 5
    max_outages: int = 2000
    first_pause_s: float = 1.0
    longest_pause_s: float = 60.0
    grace_s: float = 20.0
    time_limit_s: float = 6 * 3600.0
    memory_bytes: int | None = None
    file_bytes: int | None = None
    cpu_time_s: int | None = None
    open_files: int | None = None
    progress_every_s: float = 0.5
    jobs_per_program: int = 1


DEFAULT_POLICY = JobPolicy()


class JobHandler(Protocol[J_contra]):
    """One kind of job of a service.

    `started`, `progressed`, `succeeded` and `failed` change the aggregate and record its events; like all steps
    of `Repository.change` they may run several times and must have no other effect. They do not touch
    `aggregate.job`, which the worker changes in the same write.
    """

    @property
    def command(self) -> Sequence[str]:
        """The program that does the work, the same for every job of this kind; see `archive_shared.jobs.child`."""
        ...

    def payload(self, aggregate: J_contra) -> Mapping[str, Any]:
        """Return what the program is told, as JSON; blob keys it writes to should contain `job.epoch`."""
        ...

    def started(self, aggregate: J_contra) -> None:
        """Note that an attempt begins; `job.attempts` says which one."""
        ...

    def progressed(self, aggregate: J_contra, progress: Mapping[str, Any]) -> None:
        """Note how far it is; each report replaces the one before, and some are left out."""
        ...

    def keep(self, aggregate: J_contra, result: Mapping[str, Any]) -> None:
        """Do what success means outside of the aggregate, before `succeeded`.

        It may happen again, or by two workers at a time, so it must be idempotent (derived identifiers).
        """
        ...

    def succeeded(self, aggregate: J_contra, result: Mapping[str, Any]) -> None: ...

    def failed(self, aggregate: J_contra, reason: str) -> None:
        """Note that the job will not be tried again, and why."""
        ...
