"""`ingest-worker convert` at a terminal."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from demo.imaging import anatomy, write_dicom_series, write_image, write_picture
from ingest_worker.entrypoints.cli import main


def run(*arguments: str | Path) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["convert", *map(str, arguments)])
    return result.exit_code, result.output


def test_folders_and_files_are_converted_and_reported(tmp_path: Path) -> None:
    write_dicom_series(tmp_path / "case" / "ct", anatomy())
    photo = write_picture(tmp_path / "photo.png")
    (tmp_path / "case" / "notes.txt").write_text("hi", encoding="utf-8")

    code, output = run(
        tmp_path / "case", photo, "--output", tmp_path / "out", "--report", tmp_path / "r.json", "--jobs", "2"
    )

    report = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    assert code == 0
    assert [image["name"] for image in report["images"]] == ["Thorax 2.5 soft-49810012", "photo.png"]
    assert report["images"][0]["sources"][0] == "case/ct/IM0001.dcm"
    assert (report["images"][0]["type"], report["images"][0]["depth"]) == ("MHA", 12)
    assert (tmp_path / "out" / report["images"][0]["file"]).exists()
    assert report["rejected"] == [
        {"file": "case/notes.txt", "reasons": ["The content is of no known image format."]}
    ]
    assert "2 images, 1 files refused" in output


def test_nothing_imported_is_exit_code_two(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hi", encoding="utf-8")

    code, output = run(tmp_path / "notes.txt", "--output", tmp_path / "out")

    assert code == 2
    assert "refused  notes.txt: The content is of no known image format." in output


def test_links_in_folders_are_not_followed(tmp_path: Path) -> None:
    write_image(tmp_path / "in" / "a.mha", anatomy())
    (tmp_path / "in" / "link.mha").symlink_to(tmp_path / "in" / "a.mha")
    (tmp_path / "in" / "loop").symlink_to(tmp_path / "in")

    code, output = run(tmp_path / "in", "--output", tmp_path / "out")

    assert code == 0
    assert "refused  in/link.mha: This is a link, and links in folders are not followed." in output
    assert "refused  in/loop: This is a link" in output


@pytest.mark.parametrize("jobs", ["0", "many"])
def test_wrong_options_are_explained(tmp_path: Path, jobs: str) -> None:
    code, output = run(write_picture(tmp_path / "a.png"), "--output", tmp_path / "out", "--jobs", jobs)

    assert code == 2
    assert "Invalid value for '--jobs'" in output


def test_two_inputs_of_one_name_are_explained(tmp_path: Path) -> None:
    first, second = write_picture(tmp_path / "1" / "a.png"), write_picture(tmp_path / "2" / "a.png")

    code, output = run(first, second, "--output", tmp_path / "out")

    assert code == 2
    assert "Two files are called a.png." in output
