"""Damaged files of every format: whatever happens to them, the worker goes on, in time, and believes no checksum that is wrong.

500 mutations in the tests; `make fuzz` runs 20,000, or as many as MUTATIONS says, from the number SEED on.
"""

import os
import shutil
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from ingest_worker.adapters.isolation import Isolation
from ingest_worker.adapters.tasks import READERS, WRITING
from ingest_worker.adapters.tasks_together import UNEXPECTED, Done, Outcome, Task
from ingest_worker.domain.budget import MIB, Budget
from tests.support.mutations import Seed, damaged, seeds

MUTATIONS = int(os.environ.get("MUTATIONS", "500"))
SEED = int(os.environ.get("SEED", "0"))
AT_A_TIME = 250
BUDGET = Budget(
    wall_time_s=20,
    cpu_time_s=15,
    memory_bytes=1024 * MIB,
    file_bytes=256 * MIB,
    image_bytes=256 * MIB,
    unpacked_bytes=64 * MIB,
)
PRELOAD = ("tests.support.fuzzing", WRITING, *READERS.values())


class Bench:
    """Runs uploads in confined children."""

    def __init__(self, folder: Path, isolation: Isolation) -> None:
        self._folder = folder
        self._isolation = isolation

    def outcomes(self, uploads: list[dict[str, bytes]]) -> dict[int, Outcome]:
        tasks = [self._task(number, files) for number, files in enumerate(uploads)]
        outcomes = self._isolation.run(tasks, on_progress=lambda *_: None, on_tick=lambda: None)
        found = dict(outcomes)
        shutil.rmtree(self._folder)
        return found

    def _task(self, number: int, files: dict[str, bytes]) -> Task:
        folder = self._folder / str(number)
        (folder / "in").mkdir(parents=True)
        for name, data in files.items():
            (folder / "in" / name).write_bytes(data)
        # Together, as the worker has it with small files: what one leaves in memory must not hurt the next either.
        return Task(
            "tests.support.fuzzing:import_alone", {"folder": str(folder)}, BUDGET, PRELOAD, together=True
        )


@pytest.fixture(scope="module")
def valid(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Seed]:
    return seeds(tmp_path_factory.mktemp("seeds"))


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with Isolation(jobs=2) as isolation:
        yield Bench(tmp_path / "uploads", isolation)


def mutated(seed: Seed, number: int) -> dict[str, bytes]:
    """The upload with its victim damaged; in one case of three only where a checksum must notice."""
    start = seed.guarded_from if seed.guarded_from is not None and number % 3 == 0 else 0
    return seed.files | {seed.victim: damaged(seed.files[seed.victim], Random(number), start=start)}


def test_damaged_files_never_stop_the_worker_nor_deceive_it(valid: dict[str, Seed], bench: Bench) -> None:
    names = sorted(valid)
    intact = bench.outcomes([valid[name].files for name in names])
    assert all(isinstance(outcome, Done) for outcome in intact.values())
    pixels = {name: _pixels(intact[index]) for index, name in enumerate(names)}
    surprises: Counter[str] = Counter()
    imported = 0

    for first in range(SEED, SEED + MUTATIONS, AT_A_TIME):
        numbers = range(first, min(first + AT_A_TIME, SEED + MUTATIONS))
        chosen = [names[number % len(names)] for number in numbers]
        begun = time.monotonic()
        outcomes = bench.outcomes(
            [mutated(valid[name], number) for name, number in zip(chosen, numbers, strict=True)]
        )

        assert len(outcomes) == len(numbers)
        assert time.monotonic() - begun < BUDGET.wall_time_s * len(numbers)
        imported += sum(isinstance(each, Done) and bool(_pixels(each)) for each in outcomes.values())
        for index, number in enumerate(numbers):
            seed = valid[chosen[index]]
            if not isinstance(outcomes[index], Done):
                surprises[f"{chosen[index]}: {' '.join(outcomes[index].reasons)} (number {number})"] += 1  # type: ignore[union-attr]
            elif seed.guarded_from is not None and (number % 3 == 0 or seed.guarded_from == 0):
                assert _pixels(outcomes[index]) in ([], pixels[chosen[index]]), (
                    f"{chosen[index]}, number {number}"
                )

    print(f"{imported} of {MUTATIONS} damaged uploads still hold an image")
    for surprise, count in surprises.most_common():
        print(f"{count:5} {surprise}")
    assert not [surprise for surprise in surprises if UNEXPECTED in surprise and "SIG" not in surprise]


def _pixels(outcome: Outcome) -> list[str]:
    assert isinstance(outcome, Done)
    found: list[str] = outcome.value["pixels"]
    return found
