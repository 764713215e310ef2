"""One run of a conversion: unpack archives, look at every file, gather candidates, convert each of them.

All steps read uploaded bytes, so all of them happen in confined children; this process only moves names and finished
files around.
"""

import os
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from stat import S_ISREG
from typing import Any, Final

from ingest_worker.adapters.disk import Disk
from ingest_worker.adapters.first_look import MOST_FILES_AT_ONCE, FirstLook, recognised_from_documents
from ingest_worker.adapters.isolation import Isolation
from ingest_worker.adapters.namesakes import without_namesakes
from ingest_worker.adapters.sources_beside import SourcesBeside
from ingest_worker.adapters.tasks import (
    LIGHT,
    file_document,
    file_from_document,
    preload_for,
)
from ingest_worker.adapters.tasks_together import Done, Stopped, Task
from ingest_worker.adapters.unpacked_archives import UnpackedArchives
from ingest_worker.adapters.unpacking import is_zip
from ingest_worker.domain.budget import MIB, Budget
from ingest_worker.domain.candidates import Candidate, gather, without_heaps
from ingest_worker.domain.deidentification import Deidentification
from ingest_worker.domain.files import Source, SourceFile, natural_order, paths_of
from ingest_worker.domain.formats import SlideFormat
from ingest_worker.domain.images import ConvertedImage
from ingest_worker.domain.report import (
    ConversionProgress,
    ConversionReport,
    Rejection,
    merged,
    rejection_from_document,
)
from ingest_worker.domain.slides import FoundSlide, SlideFile, found_slide
from ingest_worker.domain.track import Track

TASKS: Final = "ingest_worker.adapters.tasks"
AT_ONCE: Final = "at-once"
ARCHIVE_SUFFIX: Final = ".zip"
SMALL_BYTES: Final = MIB  # a fork costs as much as converting some hundred kilobytes
SLIDE: Final = "This is a whole-slide image; `tiler convert` converts those."
OnProgress = Callable[[ConversionProgress], None]


@dataclass
class ConversionRun:
    """What is to do, and what is known so far; see `ingest_worker.conversion.convert` for what it is given."""

    isolation: Isolation
    budget: Budget
    output: Path
    scratch: Path
    threads: int
    on_progress: OnProgress
    keep_slides: bool
    key: str = field(repr=False)
    images: list[dict[str, Any]] = field(default_factory=list)
    slides: list[tuple[SlideFormat, dict[str, Any]]] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)
    sizes: dict[str, int] = field(default_factory=dict)
    archives: list[SourceFile] = field(default_factory=list)
    disk: Disk = field(init=False)

    def __post_init__(self) -> None:
        self.disk = Disk(self.budget.disk_bytes)

    def run(self, sources: list[SourceFile]) -> ConversionReport:
        present = self._regular(sources)
        with SourcesBeside(self.isolation.jobs) as beside:
            beside.begin(present)
            track = self._imported(present, beside)
            known = beside.known(on_tick=lambda: self.on_progress(track.progress()))
        return self._report(known)

    def _imported(self, files: list[SourceFile], beside: SourcesBeside) -> Track:
        """Look at files and convert them, in one child if they are one image; return how far they all are in the end.

        Files among which no name says that there are archives are looked for those only if they are not one image.
        """
        found = {} if any(map(_is_called_archive, files)) else self._at_once(files)
        if "converted" not in found:
            if archives := [file for file in files if is_zip(file.path)]:
                files = self._with_unpacked(files, archives, beside)
            found = self._at_once(files) if archives or not found else found
        if "converted" in found:
            return self._imported_at_once(files, found["converted"])
        look = self._look()
        recognised = recognised_from_documents(files, found) if found else look.each(files)
        candidates, rejections = gather(recognised)
        self.rejections += [*look.rejections, *rejections]
        candidates = self._to_be_converted(candidates)
        track = Track([(len(one.files), self._size(one)) for one in candidates], len(rejections))
        self._convert(candidates, track)
        return track

    def _with_unpacked(
        self, files: list[SourceFile], archives: list[SourceFile], beside: SourcesBeside
    ) -> list[SourceFile]:
        """Return the files with those in archives in place of these."""
        found = UnpackedArchives(self._run, self.budget, self.scratch, self.sizes, self.disk)
        found.unpack(archives)
        beside.begin(found.files)
        self.archives += found.unpacked
        self.sizes |= {file.name: file.path.stat().st_size for file in found.files}
        plain = [file for file in files if file not in archives]
        clear, namesakes = without_namesakes(plain + found.files)
        self.rejections += [*found.rejections, *namesakes]
        self.sizes = {file.name: self.sizes[file.name] for file in clear}
        return clear

    def _imported_at_once(self, files: list[SourceFile], converted: dict[str, Any]) -> Track:
        track = Track([(len(files), sum(self.sizes.values()))], 0)
        self._take_in(converted, self.scratch / AT_ONCE)
        track.note(0, track.WHOLE)
        self.on_progress(track.progress())
        return track

    def _report(self, known: Mapping[str, Source]) -> ConversionReport:
        images = [ConvertedImage.from_document(document, known) for document in self.images]
        slides = [self._slide(kind, taken, known) for kind, taken in self.slides]
        return ConversionReport(
            images=tuple(sorted(images, key=_image_order)),
            rejected=merged(self.rejections),
            archives=tuple(known[archive.name] for archive in self.archives),
            slides=tuple(sorted(slides, key=lambda slide: natural_order(slide.name))),
        )

    def _regular(self, sources: list[SourceFile]) -> list[SourceFile]:
        """Leave out what is no file: opening a pipe or a device could wait for ever. Note how large the others are."""
        sizes = {source.name: _file_bytes(source.path) for source in sources}
        odd = [name for name, size_bytes in sizes.items() if size_bytes is None]
        self.rejections += [Rejection(name, ("This is not a file, or it is gone.",)) for name in odd]
        self.sizes = {name: size_bytes for name, size_bytes in sizes.items() if size_bytes is not None}
        return [source for source in sources if source.name in self.sizes]

    def _run(
        self,
        tasks: Sequence[Task],
        progress: Callable[[], ConversionProgress],
        on_part: Callable[[int, int], None] = lambda index, done: None,
    ) -> Iterable[tuple[int, Done | Stopped]]:
        return self.isolation.run(
            tasks, on_progress=on_part, on_tick=lambda: self.on_progress(progress()), disk=self.disk
        )

    def _look(self) -> FirstLook:
        return FirstLook(self._run, self.budget, self.sizes)

    def _at_once(self, files: list[SourceFile]) -> dict[str, Any]:
        """Return what one child found that looked at all files, and perhaps converted them; nothing if it could not."""
        if self.isolation.jobs > 1 or not 0 < len(files) <= MOST_FILES_AT_ONCE:
            return {}
        folder = str(self.scratch / AT_ONCE)
        found = self._look().at_once(files, self._how_to_convert(folder))
        if found is None:
            shutil.rmtree(folder, ignore_errors=True)
        return found or {}

    def _how_to_convert(self, folder: str) -> dict[str, Any]:
        return {"folder": folder, "threads": self.threads, "key": self.key}

    def _convert(self, candidates: list[Candidate], track: Track) -> None:
        tasks = [self._converting(number, candidate) for number, candidate in enumerate(candidates)]
        for number, outcome in self._run(tasks, track.progress, track.note):
            track.note(number, track.WHOLE)
            if isinstance(outcome, Stopped):
                self.rejections += [
                    Rejection(file.name, outcome.reasons) for file in candidates[number].files
                ]
            elif isinstance(kind := candidates[number].format, SlideFormat):
                self._take_in_slide(kind, outcome.value)
            else:
                self._take_in(outcome.value, Path(tasks[number].folder))
            if tasks[number].folder:  # what is left in it is of no use, and takes disk from the others
                shutil.rmtree(tasks[number].folder, ignore_errors=True)
        self.on_progress(track.progress())

    def _to_be_converted(self, candidates: list[Candidate]) -> list[Candidate]:
        """Leave out what is not for us, or more than anybody can be told of."""
        if self.key or not self.keep_slides:
            candidates = [candidate.without_tiler() for candidate in candidates]
        slides = [candidate for candidate in candidates if isinstance(candidate.format, SlideFormat)]
        if not self.keep_slides:
            self.rejections += [Rejection(file.name, (SLIDE,)) for slide in slides for file in slide.files]
            candidates = [candidate for candidate in candidates if candidate not in slides]
        candidates, heaps = without_heaps(candidates)
        self.rejections += heaps
        return candidates

    def _converting(self, number: int, candidate: Candidate) -> Task:
        if isinstance(candidate.format, SlideFormat):
            return self._taking(candidate)
        folder = str(self.scratch / f"candidate-{number}")
        arguments = {
            "format": candidate.format,
            "files": [file_document(file) for file in candidate.files],
            **self._how_to_convert(folder),
        }
        return Task(
            f"{TASKS}:convert_candidate",
            arguments,
            self.budget,
            preload_for(candidate.format),
            reads=paths_of(candidate.files),
            folder=folder,
            together=self._size(candidate) <= SMALL_BYTES,
        )

    def _taking(self, slide: Candidate) -> Task:
        arguments = {
            "format": slide.format,
            "files": [file_document(file) for file in slide.files],
            "key": self.key,
        }
        return Task(f"{TASKS}:take_slide", arguments, self.budget, LIGHT, reads=paths_of(slide.files))

    def _size(self, candidate: Candidate) -> int:
        return sum(self.sizes[file.name] for file in candidate.files)

    def _take_in(self, converted: dict[str, Any], folder: Path) -> None:
        """Move finished files into the output folder."""
        self.rejections += [rejection_from_document(document) for document in converted["rejections"]]
        for document in converted["images"]:
            (folder / document["file"]).replace(self.output / document["file"])
            self.disk.kept_bytes += document["size_bytes"]
        self.images += converted["images"]

    def _take_in_slide(self, kind: SlideFormat, taken: dict[str, Any]) -> None:
        self.rejections += [rejection_from_document(document) for document in taken["rejections"]]
        if taken["files"]:
            self.slides.append((kind, taken))

    def _slide(self, kind: SlideFormat, taken: dict[str, Any], known: Mapping[str, Source]) -> FoundSlide:
        """Return a slide with its files; unpacked ones move out of the scratch folder."""
        files = [file_from_document(document) for document in taken["files"]]
        slide = found_slide(kind, files, [known[file.name] for file in files])
        if self.key:
            name = Deidentification(bytes.fromhex(self.key)).name(slide.key)
            slide = replace(slide, name=name, removed=tuple(taken["removed"]))
        kept = [
            self._out_of_scratch(file, f"{slide.key}-{number}") for number, file in enumerate(slide.files)
        ]
        return replace(slide, files=tuple(kept))

    def _out_of_scratch(self, file: SlideFile, name: str) -> SlideFile:
        if self.scratch not in file.path.parents:
            return file
        return replace(file, path=file.path.replace(self.output / name))


def _is_called_archive(file: SourceFile) -> bool:
    return file.name.lower().endswith(ARCHIVE_SUFFIX)


def _image_order(image: ConvertedImage) -> tuple[object, ...]:
    return (natural_order(image.sources[0].name), image.name, image.key)


def _file_bytes(path: Path) -> int | None:
    """Return the size of a regular file, None for anything else; `is_file` knows which errors say that it is gone."""
    try:
        found = os.stat(path)  # noqa: PTH116 (half the time, and there are thousands of files)
    except (OSError, ValueError):
        return path.stat().st_size if path.is_file() else None
    return found.st_size if S_ISREG(found.st_mode) else None
