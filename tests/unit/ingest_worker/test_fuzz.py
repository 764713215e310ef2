"""Damaged files of every format: whatever happens to them, the worker goes on, in time, and believes no checksum that is wrong.

Hypothesis chooses what is damaged and how: 500 mutations in the tests; `make fuzz` runs 20,000, or as many as MUTATIONS
says, and others with another SEED. A batch that finds something is left in pytest's folder; the same numbers repeat it.
"""

import os
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from demo.imaging import anatomy, write_dicom_series, write_image
from ingest_worker.adapters.isolation import Isolation
from ingest_worker.adapters.tasks import READERS, WRITING
from ingest_worker.adapters.tasks_together import UNEXPECTED, Done, Outcome, Stopped, Task
from ingest_worker.domain.budget import MIB, Budget
from tests.support.fuzz_seeds import Seed, seeds
from tests.support.mutations import damaged

MUTATIONS = int(os.environ.get("MUTATIONS", "500"))
SEED = int(os.environ.get("SEED", "0"))
AT_A_TIME = 25
BUDGET = Budget(
    wall_time_s=20,
    cpu_time_s=15,
    memory_bytes=1024 * MIB,
    file_bytes=256 * MIB,
    image_bytes=256 * MIB,
    unpacked_bytes=64 * MIB,
)
PRELOAD = ("tests.support.fuzzing", WRITING, *READERS.values())
IMPORT = "tests.support.fuzzing:import_alone"


class Bench:
    """Runs uploads in confined children."""

    def __init__(self, folder: Path, isolation: Isolation) -> None:
        self._folder = folder
        self._isolation = isolation

    def outcomes(
        self,
        uploads: list[dict[str, bytes]],
        *,
        function: str = IMPORT,
        budget: Budget = BUDGET,
        **arguments: Any,
    ) -> list[Outcome]:
        """Import each upload for itself; what is left of the last time makes room."""
        shutil.rmtree(self._folder, ignore_errors=True)
        tasks = []
        for number, files in enumerate(uploads):
            folder = self._written(number, files)
            # Together, as the worker has it with small files: what one leaves in memory must not hurt the next either.
            told = {"folder": str(folder), **arguments}
            tasks.append(Task(function, told, budget, PRELOAD, target=str(folder), together=True))
        found = dict(self._isolation.run(tasks, on_progress=lambda *_: None, on_tick=lambda: None))
        return [found[number] for number in range(len(uploads))]

    def _written(self, number: int, files: dict[str, bytes]) -> Path:
        for name, data in files.items():
            path = self._folder / str(number) / "in" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        return self._folder / str(number)


class Tally:
    """What became of all damaged uploads."""

    def __init__(self) -> None:
        self.imported = 0
        self.stopped: Counter[str] = Counter()

    def note(self, name: str, outcome: Outcome) -> None:
        if isinstance(outcome, Stopped):
            self.stopped[f"{name}: {' '.join(outcome.reasons)}"] += 1
        else:
            self.imported += bool(_pixels(outcome))


@pytest.fixture(scope="module")
def valid(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Seed]:
    return seeds(tmp_path_factory.mktemp("seeds"))


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with Isolation(jobs=2) as isolation:
        yield Bench(tmp_path_factory.mktemp("fuzz") / "uploads", isolation)


@pytest.fixture(scope="module")
def intact(valid: dict[str, Seed], bench: Bench) -> dict[str, list[str]]:
    """The digests of the pixels of each valid upload."""
    outcomes = bench.outcomes([each.files for each in valid.values()])
    return {name: _pixels(outcome) for name, outcome in zip(valid, outcomes, strict=True)}


@pytest.fixture(scope="module")
def tally() -> Iterator[Tally]:
    tally = Tally()
    yield tally
    print(f"{tally.imported} of {MUTATIONS} damaged uploads still hold an image")
    for surprise, count in tally.stopped.most_common():
        print(f"{count:5} {surprise}")


def test_valid_files_are_imported_or_are_slides(valid: dict[str, Seed], intact: dict[str, list[str]]) -> None:
    slides = {"svs", "bif", "vms", "mrxs", "mrxs index", "dicom slide"}

    assert {name for name, pixels in intact.items() if not pixels} == slides
    assert {name for name, each in valid.items() if each.guarded_from is not None} == {
        "mha", "mhd z pixels", "nhdr gz pixels", "nii.gz", "nifti 2 gz", "nrrd", "png", "png palette",
        "tif deflated", "zip",
    }  # fmt: skip


@seed(SEED)
@settings(
    max_examples=max(1, MUTATIONS // AT_A_TIME),
    phases=[Phase.explicit, Phase.generate],  # a mutation is small already
    suppress_health_check=list(HealthCheck),
    deadline=None,
    database=None,
)
@given(data=st.data())
def test_damaged_files_never_stop_the_worker_nor_deceive_it(
    valid: dict[str, Seed], intact: dict[str, list[str]], bench: Bench, tally: Tally, data: st.DataObject
) -> None:
    names = sorted(valid)
    first = data.draw(st.integers(0, len(names) - 1), label="first seed")
    chosen = [names[(first + number) % len(names)] for number in range(AT_A_TIME)]
    uploads, guarded = [], []
    for name in chosen:
        random = data.draw(st.randoms(use_true_random=False), label=name)
        guarded.append(valid[name].guarded_from is not None and random.choice((True, False)))
        uploads.append(mutated(valid[name], random, where_guarded=guarded[-1]))

    outcomes = bench.outcomes(uploads)

    for number, (name, outcome) in enumerate(zip(chosen, outcomes, strict=True)):
        tally.note(name, outcome)
        if isinstance(outcome, Stopped):
            assert_refused(outcome, f"{name}, upload {number}")
        elif guarded[number] or valid[name].guarded_from == 0:
            assert set(_pixels(outcome)) <= set(intact[name]), f"{name}, upload {number}: wrong pixels passed"


def mutated(upload: Seed, random: Random, *, where_guarded: bool) -> dict[str, bytes]:
    """The upload with its victim damaged, either anywhere or only where a checksum must notice."""
    start = (upload.guarded_from or 0) if where_guarded else 0
    return upload.files | {upload.victim: damaged(upload.files[upload.victim], random, start=start)}


def assert_refused(outcome: Stopped, what: str) -> None:
    """A limit was kept, or a decoder of others crashed in its child; an exception of our own is a bug."""
    reasons = " ".join(outcome.reasons)
    assert "SIG" in reasons or (UNEXPECTED not in reasons and "The conversion was stopped" in reasons), (
        f"{what}: {reasons}"
    )


@pytest.mark.parametrize(
    ("decoder", "limits", "reason"),
    [
        ("crash", {}, "Technical detail: SIGSEGV."),
        ("sleep", {"wall_time_s": 6}, "it took longer than 6 seconds"),
        ("spin", {"cpu_time_s": 1}, "it needed more than 1 seconds of processor time"),
    ],
)
def test_a_decoder_that_crashes_or_hangs_turns_down_its_upload_only(
    tmp_path: Path, bench: Bench, decoder: str, limits: dict[str, int], reason: str
) -> None:
    (dicom,) = write_dicom_series(tmp_path / "in", anatomy(1))
    other = write_image(tmp_path / "x.mha", anatomy(2))
    uploads = [{path.name: path.read_bytes()} for path in (dicom, other, other)]

    stopped, second, third = bench.outcomes(
        uploads,
        function="tests.support.fuzzing:import_with_broken_decoder",
        budget=replace(BUDGET, **({"wall_time_s": 240} | limits)),
        decoder=decoder,
    )

    assert isinstance(stopped, Stopped)
    assert reason in " ".join(stopped.reasons)
    assert_refused(stopped, decoder)
    assert _pixels(second) == _pixels(third) != []


def _pixels(outcome: Outcome) -> list[str]:
    assert isinstance(outcome, Done), outcome
    found: list[str] = outcome.value["pixels"]
    return found
