"""The `Reading` of programs that hold the keys of the stores: a process without any does it, and cannot hurt them."""

import signal
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from archive_shared.jobs import child
from archive_shared.jobs.bare_environment import bare_environment
from archive_shared.jobs.handler import JobPolicy
from archive_shared.jobs.program import Crashed, Ending, Hindered, Program, Refused, Succeeded
from archive_shared.jobs.programs import Programs
from archive_shared.tracing import current_traceparent
from tiler.adapters.confinement.file_desk import FileDesk, file_desk
from tiler.adapters.confinement.orders import INDEX, PREVIEW
from tiler.domain.picture import JPEG, PNG, Picture
from tiler.domain.problems import ReadingStopped, UnreadableImage
from tiler.domain.ranged_source import RangedSource
from tiler.domain.reading_limits import GIB, ReadingLimits
from tiler.domain.slide_files import SlideFiles
from tiler.domain.tile_index import TileIndex
from tiler.use_cases.reading import Progress, Rendering
from tiler.use_cases.scratch import made_bytes

ORDERS_PER_PROGRAM = 1000  # each is obeyed by a fork; the program itself never looks at uploaded bytes
UNEXPECTED = (
    "Reading the image stopped unexpectedly; it is damaged, or of a kind that cannot be coped with here."
)
_LISTEN_S = 0.2
_ASSOCIATED = ("label", "macro")
log = structlog.get_logger()


@dataclass(frozen=True)
class _Read:
    """What a converter or filler says of the file it wrote."""

    sha256: str
    size_bytes: int
    route: str = ""
    vendor: str = ""
    is_complete: bool = False
    damaged_tiles: int = 0


@dataclass(frozen=True)
class _FoundPicture:
    name: str
    png: bytes
    width: int
    height: int


class ConfinedReading:
    """Gives orders to a program that has a process of its own obey each.

    Parameters
    ----------
    command
        Starts `tiler.entrypoints.reading_program`.
    warm
        Whether to keep the program between orders.
    """

    def __init__(self, command: Sequence[str], limits: ReadingLimits, *, warm: bool = True) -> None:
        self._limits = limits
        policy = JobPolicy(
            memory_bytes=limits.memory_bytes,
            file_bytes=limits.file_bytes,
            cpu_time_s=int(limits.time_limit_s),
            open_files=limits.open_files,
            jobs_per_program=ORDERS_PER_PROGRAM,
        )
        self._programs = Programs(command, policy, warm=warm, environment=bare_environment())
        self._programs.prepare()

    def close(self) -> None:
        """End the program that waits."""
        self._programs.close()

    def render(self, source: RangedSource, folder: Path, *, with_index: bool) -> Rendering:
        done = self._do({"duty": "render", "with_index": with_index}, _OneFile(source), folder)
        body = made_bytes(folder / PREVIEW)
        index = TileIndex.from_bytes(made_bytes(folder / INDEX)) if with_index else None
        return Rendering(Picture(PNG if done["content_type"] == PNG else JPEG, body), index)

    def convert(self, files: SlideFiles, target: Path, name: str, on_progress: Progress) -> _Read:
        order = {"duty": "convert", "target": str(target), "name": name}
        return _Read(**self._do(order, files, target.parent, on_progress))

    def associated(self, files: SlideFiles, vendor: str, folder: Path) -> Sequence[_FoundPicture]:
        done = self._do({"duty": "associated", "vendor": vendor}, files, folder)
        return [
            _FoundPicture(png=made_bytes(folder / f"{each['name']}.png"), **each)
            for each in done["pictures"]
            if each["name"] in _ASSOCIATED
        ]

    def fill(self, path: Path, on_progress: Progress) -> _Read:
        return _Read(**self._do({"duty": "fill", "target": str(path)}, None, path.parent, on_progress))

    def _do(
        self,
        order: Mapping[str, Any],
        files: SlideFiles | None,
        folder: Path,
        on_progress: Progress | None = None,
    ) -> dict[str, Any]:
        """Have an order done, and return what the process says of it.

        Raises
        ------
        UnreadableImage
            The image is to blame, with limits and crashes.
        ReadingStopped
            It may not be.
        Unavailable, NotFound
            It is not.
        """
        with file_desk(files, folder) as desk:
            program = self._programs.take()
            try:
                program.order({**order, **desk.description()}, current_traceparent())
                ending = self._watched(program, desk, on_progress)
            finally:
                self._programs.give_back(program)
        if desk.failure is not None:
            raise desk.failure
        return self._outcome(ending)

    def _watched(self, program: Program, desk: FileDesk, on_progress: Progress | None) -> Ending:
        started_at_s = heard_at_s = time.monotonic()
        while not program.is_done():
            for progress in program.listen(_LISTEN_S):
                heard_at_s = time.monotonic()
                if on_progress is not None:
                    on_progress(int(progress["done"]))
            now_s = time.monotonic()
            if now_s - started_at_s > self._limits.time_limit_s:
                return Succeeded({"stopped": "time", "detail": ""})
            if min(now_s - heard_at_s, desk.silent_for_s()) > self._limits.silence_s:
                return Succeeded({"stopped": "silence", "detail": ""})
        return program.ending()

    def _outcome(self, ending: Ending) -> dict[str, Any]:
        match ending:
            case Succeeded({"done": dict(done)}):
                return done
            case Succeeded({"unreadable": str(reason)}):
                raise UnreadableImage(reason)
            case Succeeded({"stopped": str(what), "detail": str(detail)}):
                raise self._stopped(what, detail)
            case Crashed(code=code) if code == -signal.SIGXCPU:
                raise self._stopped("processor time", "")
            case Crashed(code=code) if code == -signal.SIGKILL:
                raise ReadingStopped(
                    "The process that read the image was killed, perhaps for want of memory."
                )
            case Crashed(code=child.EX_OSERR):
                raise ReadingStopped("The tiler's machine starts no more processes.")
            case Crashed(reason) | Refused(reason) | Hindered(reason):
                raise self._stopped("error", reason)
        raise self._stopped("error", "no result")

    def _stopped(self, what: str, detail: str) -> UnreadableImage | ReadingStopped:
        """Return what is wrong with an image whose process was stopped, or with this machine."""
        log.warning("reading was stopped", by=what, detail=detail)
        if what == "disk full":
            return ReadingStopped("The disk the tiler works on is full.")
        limits = self._limits
        reasons = {
            "memory": f"it needed more than {limits.memory_bytes / GIB:.3g} GB of memory",
            "time": f"it took longer than {limits.time_limit_s:g} seconds",
            "silence": f"it got no further for {limits.silence_s:g} seconds",
            "processor time": f"it needed more than {limits.time_limit_s:g} seconds of processor time",
            "file size": f"it would have written more than {limits.file_bytes / GIB:g} GB",
            "open files": f"it opened more than {limits.open_files} files",
        }
        if what not in reasons:
            return UnreadableImage(UNEXPECTED)
        return UnreadableImage(f"Reading the image was stopped: {reasons[what]}.")


class _OneFile:
    """The `SlideFiles` of an image that is one file."""

    main = "image"

    def __init__(self, source: RangedSource) -> None:
        self._source = source

    def names(self) -> Sequence[str]:
        return [self.main]

    def open(self, name: str) -> RangedSource:
        if name != self.main:
            raise UnreadableImage("A file that belongs to the image is missing.")
        return self._source

    def dismiss(self, name: str) -> None:
        """Do nothing: there is no other file."""

    def on_disk(self) -> Path:
        raise UnreadableImage("The image cannot be read by range.")
