"""What operators are shown is what there is."""

import importlib.util
import re
from pathlib import Path

import pytest

from archive_gateway.parts import Part, background_parts
from archive_shared.operations.queues import JOB_QUEUES
from ingest_worker.bootstrap import JOBS as INGEST_JOBS
from tiler.bootstrap import JOBS as TILER_JOBS


def test_the_job_queues_of_all_services_are_watched() -> None:
    assert set(JOB_QUEUES) == {*INGEST_JOBS.values(), *TILER_JOBS.values()}


@pytest.mark.parametrize(
    "part", background_parts(ingest_workers=1, tiler_workers=1), ids=lambda part: part.name
)
def test_every_background_process_can_be_watched(part: Part) -> None:
    module = importlib.util.find_spec(part.arguments[0])
    assert module is not None
    assert module.origin is not None

    started = re.findall(
        r"^\s+(run_\w+|lifecycle\.run)\(", Path(module.origin).read_text(), flags=re.MULTILINE
    )

    assert len(started) == 1
    assert started[0] in {"run_relay", "run_consumer", "run_worker"}  # archive_shared.processes
