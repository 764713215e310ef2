"""Long work as documents: queued, claimed for a while, done in a child process, committed only by who holds it."""

from archive_shared.jobs.handler import JobHandler, JobPolicy
from archive_shared.jobs.job import JOB_FIELDS, JOB_INDEXES, Job, JobAggregate, JobState
from archive_shared.jobs.worker import Worker

__all__ = [
    "JOB_FIELDS",
    "JOB_INDEXES",
    "Job",
    "JobAggregate",
    "JobHandler",
    "JobPolicy",
    "JobState",
    "Worker",
]
