"""Uploads are read by processes without secrets and with limits; what becomes of those hurts nobody else."""

import json
import os
import resource
import signal
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from archive_shared.confinement.no_files import landlock_version
from archive_shared.errors import Unavailable
from archive_shared.jobs.handler import JobPolicy
from archive_shared.jobs.program import Crashed, Program, Refused
from tests.integration.tiler.conftest import Studio
from tests.integration.tiler.test_slide_programs import ended
from tests.support import slide_files
from tests.support.servers import installed
from tiler.adapters.blob_source import BlobSource
from tiler.adapters.confinement.confined_reading import UNEXPECTED, ConfinedReading
from tiler.adapters.confinement.desk_files import DeskFiles
from tiler.adapters.confinement.file_desk import file_desk
from tiler.adapters.confinement.messages import MOST_READ_BYTES, Gone
from tiler.adapters.reading_here import ReadingHere
from tiler.adapters.slides.local_files import LocalFiles
from tiler.bootstrap import CONVERSION_PROGRAM, slide_work_over
from tiler.domain.problems import UnreadableImage
from tiler.domain.reading_limits import ReadingLimits
from tiler.programs import confined_reading
from tiler.use_cases.scratch import made_bytes

MIB = 1 << 20
LIMITS = ReadingLimits(
    time_limit_s=60, silence_s=30, memory_bytes=900 * MIB, file_bytes=5 * MIB, open_files=64
)


class Bytes:
    """A ranged source that is no file of this machine."""

    def __init__(self, body: bytes) -> None:
        self.body = body
        self.size_bytes = len(body)
        self.reads = 0

    def read(self, start: int, end: int) -> bytes:
        self.reads += 1
        return self.body[start:end]


class Silent(Bytes):
    """One whose store does not answer."""

    def read(self, start: int, end: int) -> bytes:
        raise Unavailable("the blob store does not answer")


@pytest.fixture
def reading() -> Iterator[ConfinedReading]:
    reading = confined_reading("render", LIMITS)
    yield reading
    reading.close()


def misbehaving(doing: str, limits: ReadingLimits = LIMITS) -> ConfinedReading:
    """Reading in a process like the real one, but for what it does when it is told to."""
    program = (
        "import ctypes, errno, os, signal, time\n"
        "from archive_shared.jobs.forks import run_in_forks\n"
        "from tiler.adapters.confinement import orders\n"
        f"def duty(order, on_progress):\n    {doing}\n    return {{}}\n"
        "orders._DUTIES = {'fill': duty}\n"
        "def work(order, report):\n"
        "    return orders.obey(order, lambda done: report.progress({'done': done}))\n"
        "run_in_forks(work)\n"
    )
    return ConfinedReading((sys.executable, "-c", program), limits, warm=False)


def children() -> list[Path]:
    """What /proc says of the processes this one has started."""
    mine = [
        process
        for process in Path("/proc").iterdir()
        if process.name.isdecimal() and parent_of(process) == os.getpid()
    ]
    return [process for process in mine if b"reading_program" in (process / "cmdline").read_bytes()]


def parent_of(process: Path) -> int:
    try:
        return int((process / "stat").read_text().rpartition(")")[2].split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return 0


def test_the_process_that_reads_knows_no_secret(
    environment: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("ARCHIVE_BLOBS_SECRET_KEY", "the key of the store")
    reading = ConfinedReading((sys.executable, "-c", "input()", "reading_program"), LIMITS)

    (process,) = children()
    told = (process / "environ").read_bytes()
    reading.close()

    assert b"ARCHIVE_" not in told
    assert environment["ARCHIVE_SECRET"].encode() not in told


def test_its_memory_processor_time_files_and_cores_are_limited(reading: ConfinedReading) -> None:
    (process,) = children()
    number = int(process.name)

    limits = {
        kind: resource.prlimit(number, kind)[0]
        for kind in (
            resource.RLIMIT_AS,
            resource.RLIMIT_CPU,
            resource.RLIMIT_FSIZE,
            resource.RLIMIT_NOFILE,
            resource.RLIMIT_CORE,
        )
    }

    assert limits == {
        resource.RLIMIT_AS: 900 * MIB,
        resource.RLIMIT_CPU: 60,
        resource.RLIMIT_FSIZE: 5 * MIB,
        resource.RLIMIT_NOFILE: 64,
        resource.RLIMIT_CORE: 0,
    }


@pytest.mark.parametrize(
    ("doing", "reason"),
    [
        ("bytearray(1 << 40)", "it needed more than 0.879 GB of memory"),
        ("os.kill(os.getpid(), signal.SIGXCPU)", "it needed more than 60 seconds of processor time"),
        ("open(order['target'], 'wb').write(bytes(6 << 20))", "it would have written more than"),
        ("kept = [open(os.devnull) for _ in range(100)]", "it opened more than 64 files"),
    ],
)
def test_a_breach_of_a_limit_is_the_reason(tmp_path: Path, doing: str, reason: str) -> None:
    with pytest.raises(UnreadableImage) as stopped:
        misbehaving(doing).fill(tmp_path / "slide.tif", lambda _: None)

    assert stopped.value.reason.startswith(f"Reading the image was stopped: {reason}")


@pytest.mark.parametrize(
    "doing",
    [
        "ctypes.string_at(0)",
        "os._exit(3)",
        "raise ValueError(b'name of a patient')",
    ],
)
def test_a_crash_is_the_image_s_fault_and_names_nothing_of_it(tmp_path: Path, doing: str) -> None:
    with pytest.raises(UnreadableImage) as stopped:
        misbehaving(doing).fill(tmp_path / "slide.tif", lambda _: None)

    assert stopped.value.reason == UNEXPECTED


def test_one_that_is_killed_may_be_tried_again(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="killed"):
        misbehaving("os.kill(os.getpid(), signal.SIGKILL)").fill(tmp_path / "slide.tif", lambda _: None)


def test_one_that_hangs_is_ended_after_some_silence(tmp_path: Path) -> None:
    limits = ReadingLimits(silence_s=0.5)

    with pytest.raises(UnreadableImage, match="it got no further"):
        misbehaving("time.sleep(1000)", limits).fill(tmp_path / "slide.tif", lambda _: None)


def test_one_that_never_comes_to_an_end_is_ended_too(tmp_path: Path) -> None:
    told: list[int] = []
    doing = "[(on_progress(done), time.sleep(0.05)) for done in range(10**6)]"

    with pytest.raises(UnreadableImage, match="it took longer"):
        misbehaving(doing, ReadingLimits(time_limit_s=1.5)).fill(tmp_path / "slide.tif", told.append)

    assert told[0] == 0


def test_a_full_disk_is_not_the_image_s_fault(tmp_path: Path) -> None:
    with pytest.raises(Unavailable):
        misbehaving("raise OSError(errno.ENOSPC, '')").fill(tmp_path / "slide.tif", lambda _: None)


def test_a_store_that_does_not_answer_is_not_either(reading: ConfinedReading, tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="does not answer"):
        reading.render(Silent(b"-" * 1000), tmp_path, with_index=False)


def test_bytes_of_a_store_are_read_by_range(reading: ConfinedReading, tmp_path: Path, slide: bytes) -> None:
    source = Bytes(slide)

    rendering = reading.render(source, tmp_path, with_index=True)

    assert rendering == ReadingHere().render(Bytes(slide), tmp_path, with_index=True)
    assert source.reads > 0


def test_an_object_that_is_a_file_is_read_by_the_process_itself(
    studio: Studio, reading: ConfinedReading, tmp_path: Path, slide: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio.images.put("slide", slide)
    monkeypatch.setattr(type(studio.images), "read", None)

    rendering = reading.render(BlobSource(studio.images, "slide", len(slide)), tmp_path, with_index=False)

    assert rendering.preview.body.startswith(b"\xff\xd8")


def test_a_refusal_comes_with_its_reason(reading: ConfinedReading, tmp_path: Path) -> None:
    with pytest.raises(UnreadableImage, match="neither a TIFF nor a MetaImage"):
        reading.render(Bytes(b"noise" * 100), tmp_path, with_index=False)


def test_a_process_gets_no_other_files_than_its_own(tmp_path: Path) -> None:
    (tmp_path / "upload").mkdir()
    slide_files.aperio_slide(tmp_path / "upload" / "slide.svs")
    (tmp_path / "secret").write_bytes(b"not yours")
    with (
        LocalFiles(tmp_path / "upload" / "slide.svs") as files,
        file_desk(files, tmp_path) as desk,
        DeskFiles(tmp_path, desk.description()["files"]) as asking,
    ):
        assert asking.open("slide.svs").read(0, 2) == b"II"
        with pytest.raises(UnreadableImage):
            asking.open("../secret")
        with pytest.raises(Gone):
            asking.open("slide.svs").read(-1, 2)


def test_ranges_of_any_length_are_put_together(tmp_path: Path) -> None:
    body = os.urandom(1 << 10) * (2 * MOST_READ_BYTES // (1 << 10)) + b"end"
    (tmp_path / "large").write_bytes(body)
    with (
        LocalFiles(tmp_path / "large") as files,
        file_desk(files, tmp_path) as desk,
        DeskFiles(tmp_path, desk.description()["files"]) as asking,
    ):
        source = asking.open("large")

        assert source.read(5, len(body)) == body[5:]
        assert source.read(7, 7) == b""


def test_a_link_that_a_process_left_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"only ours")
    doing = "os.symlink('secret', order['folder'] + '/preview.jpeg'); return {'content_type': 'image/jpeg'}"
    reading = misbehaving(doing)
    program = [part.replace("'fill'", "'render'") for part in reading._programs._command]

    with pytest.raises(UnreadableImage):
        ConfinedReading(program, LIMITS, warm=False).render(Bytes(b"-"), tmp_path, with_index=False)


def test_one_that_never_stops_talking_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archive_shared.jobs.program.LONGEST_LINE_BYTES", 1 << 20)
    endless = Program([sys.executable, "-c", "import os\nwhile True: os.write(1, bytes(65536))"], JobPolicy())

    while not endless.is_done():
        endless.listen(0.1)

    ending = endless.ending()
    assert isinstance(ending, Crashed)
    assert ending.code == -signal.SIGKILL


def test_more_than_any_image_needs_is_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tiler.use_cases.scratch._MOST_BYTES", 3)
    (tmp_path / "left").write_bytes(b"1234")

    with pytest.raises(UnreadableImage):
        made_bytes(tmp_path / "left")


def test_a_slide_that_exceeds_a_limit_is_reported_at_the_first_attempt(
    studio: Studio, environment: Mapping[str, str], monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    for name, value in {**environment, "ARCHIVE_SLIDE_FILE_GB": "0"}.items():
        monkeypatch.setenv(name, value)
    slide_files.aperio_slide(folder / "slide.svs")
    image = studio.import_slide(folder)
    work = slide_work_over(studio.service.documents)

    ending, _ = ended(CONVERSION_PROGRAM, work.converting.payload(work.conversions.require(image)))

    assert ending == Refused("Reading the image was stopped: it would have written more than 0 GB.")


def confined(doing: str, kind: str = "fill", *, warm: bool = False) -> ConfinedReading:
    """Reading by the real program, but for what it does with an order: the value of an expression is its result."""
    program = (
        "import json, os, socket\n"
        "from pathlib import Path\n"
        "from tiler.adapters.confinement import orders\n"
        "from tiler.entrypoints import reading_program\n"
        "def came_of(do):\n"
        "    try:\n        do()\n    except OSError as error:\n        return type(error).__name__\n"
        "    return 'done'\n"
        "threads = []\n"
        "give_up = reading_program.give_up_files\n"
        "def noted(**given):\n"
        "    threads.extend(len(os.listdir(f'/proc/{process}/task')) for process in ('self', os.getppid()))\n"
        "    return give_up(**given)\n"
        "reading_program.give_up_files = noted\n"
        "def duty(order, on_progress):\n"
        f"    return {{'sha256': json.dumps({doing}), 'size_bytes': 0}}\n"
        "orders._DUTIES = {'fill': duty}\n"
        f"reading_program.main({kind!r})\n"
    )
    return ConfinedReading((sys.executable, "-P", "-c", program), LIMITS, warm=warm)


def result(reading: ConfinedReading, target: Path) -> Any:
    return json.loads(reading.fill(target, lambda _: None).sha256)


needs_landlock = pytest.mark.skipif(
    not landlock_version(), reason="this kernel has no Landlock: tests/unit/archive_shared/confinement"
)


@needs_landlock
def test_a_process_that_reads_uploads_opens_no_other_file(studio: Studio, tmp_path: Path) -> None:
    studio.images.put("another/slide", b"x")
    folder, settings = tmp_path / "scratch", tmp_path / ".env"
    folder.mkdir()
    settings.write_text("ARCHIVE_SECRET=", encoding="ascii")
    (folder / "link").symlink_to(settings)
    (another,) = [path for path in tmp_path.rglob("*") if path.is_file() and path.read_bytes() == b"x"]
    refused = ["/etc/passwd", "/", "/proc/self/environ", f"/proc/{os.getpid()}/maps"]
    refused += map(str, (another, another.parent, settings, folder / "link", Path(__file__)))
    (folder / "own").write_bytes(b"x")
    reading = confined(
        f"{{path: came_of(lambda: os.open(path, os.O_RDONLY)) for path in {[*refused, str(folder / 'own')]!r}}}"
    )

    opened = result(reading, folder / "slide.tif")

    assert opened == {**dict.fromkeys(refused, "PermissionError"), str(folder / "own"): "done"}


def test_it_may_use_the_libraries_of_the_machine(tmp_path: Path) -> None:
    installed("libturbojpeg")
    reading = confined("__import__('tiler.adapters.turbo_jpeg').adapters.turbo_jpeg.is_there()")

    assert result(reading, tmp_path / "slide.tif") is True


@needs_landlock
def test_it_writes_into_its_folder_and_nowhere_else(tmp_path: Path) -> None:
    folder = tmp_path / "scratch"
    folder.mkdir()
    paths = [str(folder / "own"), str(tmp_path / "new"), "/tmp/new"]
    reading = confined(f"[came_of(lambda: Path(path).write_bytes(b'x')) for path in {paths!r}]")

    assert result(reading, folder / "slide.tif") == ["done", "PermissionError", "PermissionError"]


@needs_landlock
def test_it_starts_no_program_and_ends_nobody(tmp_path: Path) -> None:
    attempts = "(lambda: os.execv('/bin/true', ['true']), lambda: os.kill(os.getppid(), 0))"
    reading = confined(f"[came_of(do) for do in {attempts}]")

    started, ended = result(reading, tmp_path / "slide.tif")

    assert started == "PermissionError"
    assert ended == ("PermissionError" if landlock_version() >= 6 else "done")


def test_it_has_no_network_but_the_socket_its_files_come_through(tmp_path: Path) -> None:
    families = "(socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK, socket.AF_UNIX)"
    reading = confined(f"[came_of(lambda: socket.socket(family)) for family in {families}]")

    assert result(reading, tmp_path / "slide.tif") == ["PermissionError"] * 3 + ["done"]


@pytest.mark.parametrize("kind", ["convert", "fill", "render"])
def test_no_thread_is_older_than_its_confinement(tmp_path: Path, kind: str) -> None:
    """A thread would keep all that it may: confinement holds for the one that asks, and for those it starts.

    One of the program that forks would not come along, and a lock it holds would never be opened.
    """
    assert result(confined("threads", kind), tmp_path / "slide.tif") == [1, 1]


def test_the_next_image_is_read_by_the_same_program_whatever_became_of_the_one_before(tmp_path: Path) -> None:
    ends = "'ends' in order['target'] and os._exit(3)"
    reading = confined(f"[{ends}, os.getppid(), os.getpid()]", warm=True)

    _, program, first = result(reading, tmp_path / "slide.tif")
    with pytest.raises(UnreadableImage):
        result(reading, tmp_path / "ends.tif")
    _, same_program, second = result(reading, tmp_path / "slide.tif")
    reading.close()

    assert program == same_program
    assert len({os.getpid(), program, first, second}) == 4
