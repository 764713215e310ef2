"""Digests of source files, taken beside the conversion."""

import hashlib
from pathlib import Path

import pytest

from ingest_worker.adapters.sources_beside import SourcesBeside
from ingest_worker.domain.files import Source, SourceFile


class Cancelled(Exception):
    """Somebody does not want it any more."""


@pytest.mark.parametrize("threads", [1, 3])
def test_all_files_are_known_in_the_end_whenever_they_were_begun(tmp_path: Path, threads: int) -> None:
    files = [SourceFile(f"case/{number}", tmp_path / str(number)) for number in range(10)]
    for number, file in enumerate(files):
        file.path.write_bytes(bytes([number]) * number)

    with SourcesBeside(threads) as beside:
        beside.begin(files[:7])
        beside.begin(files[7:])
        known = beside.known(on_tick=lambda: None)

    assert known == {
        f"case/{number}": Source(
            f"case/{number}", number, hashlib.sha256(bytes([number]) * number).hexdigest()
        )
        for number in range(10)
    }


def test_cancelling_does_not_wait_for_the_end_of_a_file(tmp_path: Path) -> None:
    with (tmp_path / "endless").open("wb") as file:
        file.truncate(1 << 40)  # takes no room, and a quarter of an hour to digest

    def cancel() -> None:
        raise Cancelled

    with SourcesBeside(1) as beside:
        beside.begin([SourceFile("endless", tmp_path / "endless")])
        with pytest.raises(Cancelled):
            beside.known(on_tick=cancel)


def test_a_file_that_is_gone_is_nobodys_refusal(tmp_path: Path) -> None:
    with SourcesBeside(1) as beside:
        beside.begin([SourceFile("gone", tmp_path / "gone")])
        with pytest.raises(FileNotFoundError):
            beside.known(on_tick=lambda: None)
