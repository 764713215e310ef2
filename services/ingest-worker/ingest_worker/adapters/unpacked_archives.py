"""The archives of one conversion, unpacked in children one after another, since they share one budget."""

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ingest_worker.adapters.disk import Disk
from ingest_worker.adapters.first_look import RunTasks
from ingest_worker.adapters.tasks import LIGHT, file_document, file_from_document
from ingest_worker.adapters.tasks_together import Done, Stopped, Task
from ingest_worker.domain.budget import Budget
from ingest_worker.domain.files import SourceFile
from ingest_worker.domain.report import Rejection, rejection_from_document
from ingest_worker.domain.track import Steps, Track

UNPACK: Final = "ingest_worker.adapters.tasks:unpack_archive"


@dataclass
class UnpackedArchives:
    """What came out of archives so far.

    Parameters
    ----------
    sizes
        Of all files by name, in bytes.
    disk
        On which what is unpacked counts as kept.
    files
        In them, in numbered files below the scratch folder.
    unpacked
        The archives in which there were files.
    """

    run: RunTasks
    budget: Budget
    scratch: Path
    sizes: dict[str, int]
    disk: Disk
    files: list[SourceFile] = field(default_factory=list)
    unpacked: list[SourceFile] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)

    def unpack(self, archives: list[SourceFile]) -> None:
        """Unpack all of them, whatever becomes of each."""
        steps = Steps("unpacking", [self.sizes[archive.name] for archive in archives])
        used = {"files_used": 0, "bytes_used": 0}
        for count, archive in enumerate(archives):
            target = self.scratch / f"unpacked-{count}"
            target.mkdir()
            outcome = self._done(archive, target, used, steps)
            steps.done(self.sizes[archive.name])
            if isinstance(outcome, Stopped):
                self.rejections.append(Rejection(archive.name, outcome.reasons))
                shutil.rmtree(target)
                continue
            used = {key: outcome.value[key] for key in used}
            if outcome.value["archives"]:
                self.unpacked.append(archive)
            self.rejections += [rejection_from_document(each) for each in outcome.value["rejections"]]
            self.files += [file_from_document(document) for document in outcome.value["files"]]
        self.disk.kept_bytes += used["bytes_used"]

    def _done(self, archive: SourceFile, target: Path, used: dict[str, int], steps: Steps) -> Done | Stopped:
        """Unpack one archive, which tells how far it is in thousandths."""
        task = Task(
            UNPACK,
            {"archive": file_document(archive), "target": str(target), **used},
            self.budget,
            LIGHT,
            reads=(str(archive.path),),
            target=str(target),
        )

        def note(_: int, thousandths: int) -> None:
            steps.in_work(self.sizes[archive.name] * thousandths // Track.WHOLE)

        ((_, outcome),) = self.run([task], steps.progress, note)
        return outcome
