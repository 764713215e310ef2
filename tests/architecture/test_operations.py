"""What operators are shown is what there is."""

from archive_shared.operations.queues import JOB_QUEUES
from ingest_worker.bootstrap import JOBS as INGEST_JOBS
from tiler.bootstrap import JOBS as TILER_JOBS


def test_the_job_queues_of_all_services_are_watched() -> None:
    assert set(JOB_QUEUES) == {*INGEST_JOBS.values(), *TILER_JOBS.values()}
