"""Reads the lines of a text header within bounds; used for MetaImage and NRRD."""

from io import FileIO

from ingest_worker.domain.budget import KIB, Budget
from ingest_worker.domain.files import SourceFile
from ingest_worker.domain.refusals import Refused

MOST_LINES = 10_000
LONGEST_LINE_BYTES = 10_000
USUAL_BYTES = 64 * KIB  # the pixels behind most headers need not be read for their sake


class HeaderLines:
    """The lines at the beginning of a file, one at a time, and where the next one begins."""

    def __init__(self, file: SourceFile, budget: Budget) -> None:
        self.name = file.base_name
        self._path = file.path
        self._most_bytes = min(budget.header_bytes, MOST_LINES * LONGEST_LINE_BYTES)
        self._read(min(USUAL_BYTES, self._most_bytes))
        self.offset = 0
        self._count = 0

    def _read(self, size_bytes: int) -> None:
        with FileIO(self._path) as stream:
            self._text = stream.read(size_bytes)
        self._there_is_more = size_bytes == len(self._text) < self._most_bytes

    def next(self) -> str | None:
        """Return the next line without its end, None at the end of the file.

        Raises
        ------
        Refused
            The header has too many or too long lines, or is not UTF-8.
        """
        if self._there_is_more and self.offset + LONGEST_LINE_BYTES >= len(self._text):
            self._read(self._most_bytes)
        if self.offset >= len(self._text):
            return None
        self._count += 1
        if self._count > MOST_LINES:
            raise Refused(f"The header of {self.name} has more than {MOST_LINES} lines.")
        end = self._text.find(b"\n", self.offset, self.offset + LONGEST_LINE_BYTES)
        if end < 0 and len(self._text) - self.offset > LONGEST_LINE_BYTES:
            raise Refused(f"The header of {self.name} has a line of more than {LONGEST_LINE_BYTES} bytes.")
        line = self._text[self.offset : end if end >= 0 else None]
        self.offset = end + 1 if end >= 0 else len(self._text)
        try:
            return line.decode("utf-8").rstrip("\r")
        except UnicodeDecodeError as error:
            raise Refused(f"The header of {self.name} is not valid UTF-8 text.") from error


def whole_numbers(text: str, name: str, field: str) -> tuple[int, ...]:
    """Return the whole numbers of a header field."""
    try:
        return tuple(int(part) for part in text.split())
    except ValueError as error:
        raise Refused(f"The header of {name} has something other than whole numbers in {field}.") from error
