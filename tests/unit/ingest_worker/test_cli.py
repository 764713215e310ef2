"""`ingest-worker convert` at a terminal."""

import json
import os
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
    assert "2 images, 1 file refused" in output


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
def test_wrong_options_are_explained_and_have_a_code_of_their_own(tmp_path: Path, jobs: str) -> None:
    code, output = run(write_picture(tmp_path / "a.png"), "--output", tmp_path / "out", "--jobs", jobs)

    assert code == 64
    assert "Invalid value for '--jobs'" in output


def test_folders_of_the_report_and_of_the_images_are_made(tmp_path: Path) -> None:
    photo = write_picture(tmp_path / "photo.png")
    report = tmp_path / "new" / "out" / "r.json"

    code, _ = run(photo, "--output", report.parent, "--report", report)

    assert code == 0
    assert len(json.loads(report.read_text(encoding="utf-8"))["images"]) == 1


@pytest.mark.parametrize("option", ["--output", "--report"])
def test_a_folder_that_cannot_be_made_is_told_before_anything_is_converted(
    tmp_path: Path, option: str
) -> None:
    photo = write_picture(tmp_path / "photo.png")
    (tmp_path / "file").touch()
    given = {"--output": tmp_path / "out", "--report": tmp_path / "r.json"}
    given[option] = tmp_path / "file" / "inside" / "r.json"

    code, output = run(photo, "--output", given["--output"], "--report", given["--report"])

    assert code == 1
    assert "Error: " in output
    assert "Not a directory" in output
    assert not list(tmp_path.glob("out/*"))


def test_a_key_that_could_be_guessed_is_refused(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(" secret\n", encoding="utf-8")

    code, output = run(
        write_picture(tmp_path / "a.png"), "--output", tmp_path / "out", "--deidentify", tmp_path / "key"
    )

    assert code == 64
    assert "the key must have at least 16 bytes" in output


def test_a_name_that_is_not_utf_8_is_told_all_the_same(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    photo = write_picture(folder / "photo.png")
    photo.rename(os.fsdecode(os.fsencode(folder) + b"/caf\xe9.png"))
    Path(os.fsdecode(os.fsencode(folder) + b"/\xe4.txt")).write_text("hi", encoding="utf-8")

    code, output = run(folder, "--output", tmp_path / "out", "--report", tmp_path / "r.json")

    report = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    assert code == 0
    assert [image["sources"] for image in report["images"]] == [["in/caf\\xe9.png"]]
    assert "refused  in/\\xe4.txt" in output


@pytest.mark.parametrize(
    "arguments", [[], ["--output", "out"], ["nowhere.png", "--output", "out"], ["--help me"]]
)
def test_no_usage_error_looks_like_nothing_imported(arguments: list[str]) -> None:
    assert run(*arguments)[0] == 64


def test_an_unknown_command_is_a_usage_error() -> None:
    assert CliRunner().invoke(main, ["import"]).exit_code == 64


def test_an_empty_folder_is_nothing_imported(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()

    code, _ = run(tmp_path / "in", "--output", tmp_path / "out", "--report", tmp_path / "r.json")

    assert code == 2
    assert json.loads((tmp_path / "r.json").read_text()) == {"images": [], "rejected": []}


def report_on(tmp_path: Path, *inputs: Path) -> list[list[str]]:
    """The names of the files each image was made from."""
    code, _ = run(*inputs, "--output", tmp_path / "out", "--report", tmp_path / "r.json")
    report = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    assert (code, report["rejected"]) == (0, [])
    return [image["sources"] for image in report["images"]]


def test_inputs_of_one_name_are_called_by_what_differs(tmp_path: Path) -> None:
    first = write_picture(tmp_path / "1" / "x" / "a.png")
    second = write_picture(tmp_path / "2" / "x" / "a.png")

    assert report_on(tmp_path, first, second) == [["1/x/a.png"], ["2/x/a.png"]]


def test_folders_of_one_name_are_called_by_what_differs(tmp_path: Path) -> None:
    folders = [write_picture(tmp_path / place / "case" / "a.png").parent for place in ("1", "2")]

    assert report_on(tmp_path, *folders) == [["1/case/a.png"], ["2/case/a.png"]]


def test_slices_of_one_series_may_have_one_name(tmp_path: Path) -> None:
    slices = write_dicom_series(tmp_path / "in", anatomy(2))
    moved = [tmp_path / place / "IM1.dcm" for place in ("a", "b")]
    for source, target in zip(slices, moved, strict=True):
        target.parent.mkdir()
        source.rename(target)

    assert report_on(tmp_path, *moved) == [["a/IM1.dcm", "b/IM1.dcm"]]


def test_a_header_finds_its_pixels_under_a_longer_name(tmp_path: Path) -> None:
    for place in ("a", "b"):
        write_image(tmp_path / place / "ct.mhd", anatomy())
        (tmp_path / place / "ct.raw").rename(tmp_path / place / f"{place}.raw")
        header = tmp_path / place / "ct.mhd"
        header.write_text(header.read_text().replace("ct.raw", f"{place}.raw"))
    files = [tmp_path / name for name in ("a/ct.mhd", "a/a.raw", "b/ct.mhd", "b/b.raw")]

    assert report_on(tmp_path, *files) == [["a/ct.mhd", "a/a.raw"], ["b/ct.mhd", "b/b.raw"]]


def test_a_file_named_twice_is_converted_once(tmp_path: Path) -> None:
    source = write_picture(tmp_path / "in" / "a.png")

    assert report_on(tmp_path, source, source.parent, source.parent / ".." / "in" / "a.png") == [["a.png"]]
