"""Attempts at jobs leave nothing on the disk they work on, however they end, and none disturbs another."""

import subprocess
import sys
from pathlib import Path

from archive_shared.identifiers import new_id
from archive_shared.jobs.work_folders import remove_abandoned, work_folder

HOLDER = """
import sys
from pathlib import Path
from archive_shared.jobs.work_folders import work_folder
with work_folder(Path(sys.argv[1]), sys.argv[2], 1, kind="convert") as folder:
    (folder / "slide.tif").write_bytes(b"x")
    print(folder, flush=True)
    sys.stdin.read()
"""


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def test_an_attempt_that_ends_leaves_nothing(tmp_path: Path) -> None:
    with work_folder(tmp_path / "work", new_id(), 1) as folder:
        (folder / "a").write_bytes(b"x")

    assert names(tmp_path / "work") == []


def test_what_an_attempt_that_was_killed_left_goes_with_the_next_one_of_another_job(tmp_path: Path) -> None:
    program = [sys.executable, "-c", HOLDER, str(tmp_path), new_id()]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        left = Path(holder.stdout.readline().decode().strip())

        remove_abandoned(tmp_path)
        assert names(left) == ["slide.tif"]  # it is at work
        holder.kill()
        holder.wait()

    with work_folder(tmp_path, new_id(), 1) as folder:
        assert names(tmp_path) == [folder.name]


def test_two_attempts_at_one_job_have_folders_of_their_own(tmp_path: Path) -> None:
    job = new_id()

    with work_folder(tmp_path, job, 1) as late, work_folder(tmp_path, job, 2) as present:
        assert late.is_dir()
        assert present.is_dir()


def test_what_is_no_attempt_stays(tmp_path: Path) -> None:
    (tmp_path / "tiler-slides").mkdir()
    (tmp_path / f"{new_id()}-1").symlink_to(tmp_path / "tiler-slides")

    remove_abandoned(tmp_path)

    assert len(names(tmp_path)) == 2


def test_where_nobody_has_worked_yet_nothing_is_to_be_removed(tmp_path: Path) -> None:
    remove_abandoned(tmp_path / "work")

    assert names(tmp_path) == []
