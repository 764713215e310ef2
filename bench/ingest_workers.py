"""`make bench-ingest-workers`: the whole worker, from the request to the committed item, beside panimg alone; and two beside one.

The platform runs as on a laptop, embedded stores and all. Files are uploaded before the clock starts: sending them is the client's time.
A queue is timed from the moment when its workers, which stood still while it filled, go on, until the last item is committed, by the
time the item itself says: whoever asks all the time takes from what they measure.

Two are set beside one four times: with workers that have one processor each, as an operator who wants several on one machine would
set them up (in containers), and with workers that have all, of which one keeps the machine busy by itself; both while the tiler stands still
and while it makes the thumbnails of the queue on the same processors.
"""

import argparse
import os
import signal
import tempfile
import time
import zipfile
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime
from functools import partial
from itertools import cycle, product
from pathlib import Path

from bench.ingest import CACHE, contestant
from bench.ingest_inputs import a_body, make_inputs
from bench.measuring import Figures, compare, conditions, table
from demo.client import ArchiveClient
from demo.imaging import write_dicom_series, write_image, write_picture
from tests.support.platform import RunningPlatform, running_platform
from tests.support.processes import wait_until

CASE = "CT DICOM, intercept"
SESSIONS = 40
WARMING = 4  # sessions, enough for each worker to take one while the other has not yet loaded its libraries
LOOK_EVERY_S = 1.0
QUEUE_TAKES_AT_MOST_S = 900


def main() -> None:
    options = _options()
    _beside_panimg(rounds=options.rounds, slices=options.slices)
    for bound, tiler in product((True, False), (False, True)):
        _two_beside_one(rounds=options.rounds, sessions=options.sessions, tiler=tiler, bound=bound)


def _beside_panimg(*, rounds: int, slices: int) -> None:
    source = make_inputs(CACHE / "bench-ingest" / str(slices), slices=slices)[CASE]
    with _platform(workers=1) as platform:
        client = platform.client()
        contestants = {
            "panimg alone": partial(contestant, "panimg", source),
            "our worker, request to item": partial(_to_item, client, source),
        }
        comparison = compare(contestants, rounds=rounds)
    print(f"\n### {CASE}, {slices} slices\n\n{table(comparison, against='panimg alone')}\n")
    ratio = comparison.ratio("panimg alone", "our worker, request to item", "s")
    print(f"{ratio:.1f} times panimg's speed (aim 4).", conditions(comparison), flush=True)


def _to_item(client: ArchiveClient, source: Path) -> Figures:
    archive = client.create_archive(f"Bench {time.time_ns()}")
    uploads = [client.upload(file) for file in sorted(source.iterdir())]
    begun = time.perf_counter()
    client.start_session(uploads, archive=archive["pk"])
    while not client.items(archive["pk"]):
        time.sleep(0.02)
    return {"s": time.perf_counter() - begun}


def _two_beside_one(*, rounds: int, sessions: int, tiler: bool, bound: bool) -> None:
    with tempfile.TemporaryDirectory(prefix="bench-workers-") as name:
        files = _mixed(Path(name))
        contestants = {
            f"{count} worker{'s' * (count > 1)}": partial(
                _queue, files, sessions, partial(_platform, workers=count, tiler=tiler, bound=bound)
            )
            for count in (1, 2)
        }
        comparison = compare(contestants, rounds=rounds, warm_up=False)
    while_so = "while the tiler makes their thumbnails" if tiler else "while the tiler stands still"
    of_what = "workers of one processor each" if bound else "workers of all processors"
    print(f"\n### A queue of {sessions} mixed sessions, {of_what}, {while_so}\n")
    print(f"{table(comparison, against='1 worker')}\n")
    ratio = comparison.ratio("2 workers", "1 worker", "s")
    print(f"Two workers take {ratio:.2f} of the time of one (aim 0.6).", conditions(comparison), flush=True)


def _mixed(folder: Path) -> list[Path]:
    """Return one upload of each kind: a series as an archive, volumes, a picture; of a size that people scan."""
    body = a_body(150, 512)
    series = write_dicom_series(folder / "series", body)
    with zipfile.ZipFile(folder / "series.zip", "w") as packed:
        for file in series:
            packed.write(file, file.name)
    return [
        folder / "series.zip",
        write_image(folder / "ct.mha", body),
        write_image(folder / "ct.nii.gz", body),
        write_picture(folder / "photo.png"),
    ]


def _queue(
    files: list[Path], sessions: int, platform: Callable[[], AbstractContextManager[RunningPlatform]]
) -> Figures:
    with platform() as running:
        client = running.client()
        archive = client.create_archive("Bench")["pk"]
        _start(client, archive, [client.upload(files[-1]) for _ in range(WARMING)])
        _wait_for_items(client, archive, WARMING)
        uploads = [client.upload(files[number % len(files)]) for number in range(sessions)]
        with _standing_still(_workers(running).values()):
            _start(client, archive, uploads)
        begun_at_s = time.time()
        _wait_for_items(client, archive, WARMING + sessions)
        created = (datetime.fromisoformat(item["created"]) for item in client.items(archive))
        return {"s": max(created).timestamp() - begun_at_s}


def _start(client: ArchiveClient, archive: str, uploads: Sequence[str]) -> None:
    """Have each upload imported in a session of its own, all of them in the queue at once."""
    for upload in uploads:
        client.start_session([upload], archive=archive)


def _wait_for_items(client: ArchiveClient, archive: str, count: int) -> None:
    def are_there() -> bool:
        page = client.call("GET", f"archives/items/?archive={archive}&limit=1")
        return bool(page["count"] >= count)

    wait_until(are_there, timeout_s=QUEUE_TAKES_AT_MOST_S, what="the items", interval_s=LOOK_EVERY_S)


@contextmanager
def _platform(*, workers: int, tiler: bool = True, bound: bool = False) -> Iterator[RunningPlatform]:
    arguments = ["--ingest-workers", str(workers)]
    with (
        tempfile.TemporaryDirectory(prefix="bench-platform-") as name,
        running_platform(Path(name, "data"), arguments=arguments) as platform,
        nullcontext() if tiler else _standing_still([platform.pids()["tiler-worker"]]),
    ):
        if bound:
            _bind_workers(platform)
        yield platform


def _bind_workers(platform: RunningPlatform) -> None:
    """Start the ingest workers anew, each on a processor of its own: they count them when they start."""
    processors = os.sched_getaffinity(0)
    for (worker, started_before), processor in zip(_workers(platform).items(), cycle(sorted(processors))):
        _bind(platform.process.pid, {processor})
        os.kill(started_before, signal.SIGKILL)
        wait_until(partial(_is_new, platform, worker, started_before), timeout_s=60, what=worker)
    _bind(platform.process.pid, processors)


def _workers(platform: RunningPlatform) -> dict[str, int]:
    """Return the present process of every ingest worker, by its name."""
    return {part: pid for part, pid in platform.pids().items() if part.startswith("ingest-worker-worker")}


def _is_new(platform: RunningPlatform, part: str, before: int) -> bool:
    return platform.pids().get(part, before) != before


def _bind(supervisor: int, processors: Iterable[int]) -> None:
    """Have all threads of the supervisor run on some processors, and what they start from now on."""
    for thread in Path(f"/proc/{supervisor}/task").iterdir():
        os.sched_setaffinity(int(thread.name), processors)


@contextmanager
def _standing_still(pids: Collection[int]) -> Iterator[None]:
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--slices", type=int, default=300, help="of the CT series")
    parser.add_argument("--sessions", type=int, default=SESSIONS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
