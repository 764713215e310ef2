"""What became of the files of a session, as its report tells it; a long one is kept in several documents."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field

from archive_shared.documents import Aggregate, Collection
from archive_shared.documents.repository import OUTBOX_FIELDS, OUTBOX_INDEX
from archive_shared.events import FileRejected

PORTION_BYTES = 1 << 17
"""Of a report that one document holds, about: a session is written again with every step of its progress."""

FOR_ITS_UPLOADER = "Its uploader reads in the report of the session why."


@dataclass(frozen=True)
class SessionImage:
    """An image a session became, the names of the files it was made from, and what was taken away from it.

    Parameters
    ----------
    sources
        The first of them; `source_count` is how many there are.
    notes
        What a careful reader should know though it did not stop the import.
    item, socket
        Title of the item it shares with others, "" for one of its own, and the socket it fills; "" while not known.
    """

    id: str
    name: str
    sources: list[str]
    removed: list[str] = field(default_factory=list)
    item: str = ""
    socket: str = ""
    notes: list[str] = field(default_factory=list)
    source_count: int = 0


@dataclass(frozen=True)
class RejectedFile:
    """A file that became part of no image, and why."""

    file: str
    reasons: list[str]

    def announcement(self, session: str, *, hidden_as: int | None) -> FileRejected:
        """Return what everybody learns of the refusal.

        Parameters
        ----------
        hidden_as
            The number that stands for the file where images have no identity: names of files may tell whose they are.
        """
        if hidden_as is None:
            return FileRejected(session=session, file=self.file, reasons=self.reasons)
        return FileRejected(session=session, file=f"file {hidden_as}", reasons=[FOR_ITS_UPLOADER])


@dataclass(frozen=True)
class SessionReport:
    """Images and refused files of a session, in the order of file names."""

    images: list[SessionImage] = field(default_factory=list)
    rejected: list[RejectedFile] = field(default_factory=list)

    def portions(self) -> list["SessionReport"]:
        """Return the report in parts that fit into a document each, in order; at least one, the same every time."""
        parts, room_bytes = [SessionReport()], PORTION_BYTES

        def open_part(entry: SessionImage | RejectedFile) -> SessionReport:
            nonlocal room_bytes
            size_bytes = len(json.dumps(asdict(entry)))
            if size_bytes > room_bytes and room_bytes < PORTION_BYTES:
                parts.append(SessionReport())
                room_bytes = PORTION_BYTES
            room_bytes -= size_bytes
            return parts[-1]

        for image in self.images:
            open_part(image).images.append(image)
        for file in self.rejected:
            open_part(file).rejected.append(file)
        return parts

    def announcements(self, session: str, *, hidden: bool, after: int) -> Iterator[FileRejected]:
        """Yield what everybody learns of the refusals, `after` so many in the portions before."""
        for number, file in enumerate(self.rejected, start=after + 1):
            yield file.announcement(session, hidden_as=number if hidden else None)


@dataclass(kw_only=True)
class ReportPage(Aggregate):
    """A portion of a report behind the one that is part of the session itself.

    Parameters
    ----------
    epoch
        Which attempt at the session it tells of.
    number
        Its place among the session's portions; the session's own is number 0.
    """

    session: str
    epoch: int
    number: int
    portion: SessionReport

    @classmethod
    def of(cls, session: str, epoch: int, number: int, portion: SessionReport) -> "ReportPage":
        return cls(
            id=f"{session}-{epoch}-{number}", session=session, epoch=epoch, number=number, portion=portion
        )


def joined(portions: Iterable[SessionReport]) -> SessionReport:
    """Return the whole that portions are of."""
    whole = SessionReport()
    for portion in portions:
        whole.images.extend(portion.images)
        whole.rejected.extend(portion.rejected)
    return whole


REPORT_PAGES = Collection(
    "report_pages",
    fields={"session": "session", "epoch": "epoch", "number": "number", **OUTBOX_FIELDS},
    indexes=[("session", "epoch", "number"), OUTBOX_INDEX],
)
