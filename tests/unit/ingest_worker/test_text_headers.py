"""Header lines are the same however long the header is, and hardly more of a file is read than they take."""

from pathlib import Path

import pytest

from ingest_worker.adapters.readers.text_headers import LONGEST_LINE_BYTES, USUAL_BYTES, HeaderLines
from ingest_worker.domain.budget import Budget
from ingest_worker.domain.files import SourceFile

END = "ElementDataFile = LOCAL"


def lines_of(path: Path, text: bytes) -> tuple[list[str], int]:
    """Return the lines of a header up to its last, and where the pixels begin."""
    path.write_bytes(text)
    lines = HeaderLines(SourceFile(path.name, path), Budget())
    found = []
    while (line := lines.next()) is not None:
        found.append(line)
        if line == END:
            break
    return found, lines.offset


@pytest.mark.parametrize("longest", [20, LONGEST_LINE_BYTES - 1])
@pytest.mark.parametrize(
    "around", [-LONGEST_LINE_BYTES - 1, -LONGEST_LINE_BYTES, -LONGEST_LINE_BYTES + 1, -1, 0, 1, 9]
)
def test_a_line_is_whole_wherever_it_lies(tmp_path: Path, around: int, longest: int) -> None:
    before = "Comment = ".ljust(999, "x")
    room = USUAL_BYTES + around
    lines = [before] * (room // 1000) + ["y" * (room % 1000 - 1)] + ["z" * longest, END]
    text = "\n".join([*lines, ""]).encode()

    for behind in (b"", bytes(3 * USUAL_BYTES)):
        assert lines_of(tmp_path / "a.mha", text + behind) == (lines, len(text))


def test_a_file_that_is_as_long_as_what_is_usually_read_ends_there(tmp_path: Path) -> None:
    text = b"key = value\n" * (USUAL_BYTES // 12)
    text += b"c" * (USUAL_BYTES - len(text))

    found, offset = lines_of(tmp_path / "a.mha", text)

    assert found == text.decode().split("\n")
    assert offset == USUAL_BYTES
