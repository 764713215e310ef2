"""The first look at all files of a conversion, in children: what each of them is, by its content."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Protocol

from ingest_worker.adapters.tasks import AT_ONCE, LIGHT, file_document, recognised_from_document
from ingest_worker.adapters.tasks_together import Done, Stopped, Task
from ingest_worker.domain.budget import Budget
from ingest_worker.domain.candidates import Recognised
from ingest_worker.domain.files import SourceFile, paths_of
from ingest_worker.domain.report import ConversionProgress, Rejection
from ingest_worker.domain.track import Steps, Track

TASKS: Final = "ingest_worker.adapters.tasks"
FILES_LOOKED_AT_TOGETHER: Final = 64
MOST_FILES_AT_ONCE: Final = 4096
"""More are looked at in parts, which tell how far they are, and whose headers nobody keeps in memory."""


class RunTasks(Protocol):
    """Does tasks in children and yields (index of the task, outcome) as they end, in any order."""

    def __call__(
        self,
        tasks: Sequence[Task],
        progress: Callable[[], ConversionProgress],
        on_part: Callable[[int, int], None] = ...,
    ) -> Iterable[tuple[int, Done | Stopped]]: ...


@dataclass
class FirstLook:
    """What is known of files so far, and how to look at more.

    Parameters
    ----------
    sizes
        Of all files by name, in bytes.
    rejections
        Files that nobody could look at to the end.
    """

    run: RunTasks
    budget: Budget
    sizes: dict[str, int]
    rejections: list[Rejection] = field(default_factory=list)

    def at_once(self, files: list[SourceFile], converting: Mapping[str, Any]) -> dict[str, Any] | None:
        """Look at all files in one child, which converts them right away if they are one image.

        Parameters
        ----------
        converting
            What it is to be told to convert them, all but their format.

        Returns
        -------
        dict or None
            What `at_once.look_and_convert` returned; None if it was stopped, for whatever reason, which shows again when
            files are looked at and converted one by one.
        """
        track = Track([(len(files), sum(self.sizes.values()))], 0)
        steps = Steps("recognising", list(self.sizes.values()))
        task = Task(
            f"{AT_ONCE}:look_and_convert",
            {"files": [file_document(file) for file in files], **converting},
            self.budget,
            LIGHT,
            reads=paths_of(files),
            folder=converting["folder"],
            once=True,
        )

        def progress() -> ConversionProgress:
            return track.progress() if track.has_begun else steps.progress()

        ((_, outcome),) = self.run([task], progress, track.note)
        return outcome.value if isinstance(outcome, Done) else None

    def each(self, files: list[SourceFile]) -> list[Recognised]:
        """Look at files in batches; those of a batch that breaks once more, each by itself."""
        batches = [
            files[start : start + FILES_LOOKED_AT_TOGETHER]
            for start in range(0, len(files), FILES_LOOKED_AT_TOGETHER)
        ]
        found: list[Recognised] = []
        steps = Steps("recognising", list(self.sizes.values()))
        while batches:
            tasks = [self._looking(batch) for batch in batches]
            broken: list[list[SourceFile]] = []
            for index, outcome in self.run(tasks, steps.progress):
                batch = batches[index]
                if isinstance(outcome, Done) or len(batch) == 1:
                    for file in batch:
                        steps.done(self.sizes[file.name])
                if isinstance(outcome, Done):
                    found += recognised_from_documents(batch, outcome.value)
                elif len(batch) == 1:
                    self.rejections.append(Rejection(batch[0].name, outcome.reasons))
                else:
                    broken += [[file] for file in batch]
            batches = broken
        return found

    def _looking(self, batch: list[SourceFile]) -> Task:
        arguments = {"files": [file_document(file) for file in batch]}
        in_short = replace(self.budget, wall_time_s=min(self.budget.look_time_s, self.budget.wall_time_s))
        return Task(f"{TASKS}:look_at", arguments, in_short, LIGHT, reads=paths_of(batch), together=True)


def recognised_from_documents(files: Sequence[SourceFile], looked: Mapping[str, Any]) -> list[Recognised]:
    """Return what a child that looked at these files said of them."""
    return list(map(recognised_from_document, files, looked["recognised"]))
