"""The command `tiler`, as a person at a terminal meets it."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Never
from urllib.request import urlopen

import pytest
from click.testing import CliRunner

from tests.support import slide_files
from tests.support.converting import seen_by_openslide, slide_levels
from tests.support.slides import as_pixels
from tests.unit.tiler_slides.test_conversion import EVERY
from tiler.entrypoints.cli import main
from tiler.slides import servable


def test_convert_writes_a_slide_with_all_levels_and_shows_progress(tmp_path: Path) -> None:
    slide, target = slide_files.aperio_slide(tmp_path / "a.svs").path, tmp_path / "out.tif"

    result = CliRunner().invoke(main, ["convert", str(slide), str(target)])

    assert result.exit_code == 0, result.output
    assert "4 levels" in result.stdout
    assert "route copy" in result.stdout
    assert "100%" in result.stderr
    assert len(slide_levels(target)) == 4
    assert seen_by_openslide(target).vendor == "generic-tiff"


def test_convert_replaces_nothing_unasked(tmp_path: Path) -> None:
    slide, target = slide_files.aperio_slide(tmp_path / "a.svs").path, tmp_path / "out.tif"
    target.write_text("mine")

    refused = CliRunner().invoke(main, ["convert", str(slide), str(target)])
    forced = CliRunner().invoke(main, ["convert", "--force", str(slide), str(target)])

    assert refused.exit_code != 0
    assert "--force" in refused.stderr
    assert forced.exit_code == 0
    assert target.stat().st_size > 100


def test_what_is_refused_leaves_nothing_behind(tmp_path: Path) -> None:
    slide = tmp_path / "a.svs"
    slide.write_bytes(b"II*\0 but nothing else")

    result = CliRunner().invoke(main, ["convert", str(slide), str(tmp_path / "out.tif")])

    assert result.exit_code != 0
    assert result.stderr.startswith("Error: ")
    assert [path.name for path in tmp_path.iterdir()] == ["a.svs"]


def test_convert_says_what_stands_in_its_way_without_a_traceback(tmp_path: Path) -> None:
    slide = slide_files.aperio_slide(tmp_path / "a.svs").path
    before = slide.read_bytes()
    os.mkfifo(tmp_path / "device")

    results = {
        "folder": CliRunner().invoke(main, ["convert", str(slide), str(tmp_path / "none" / "out.tif")]),
        "OUT is IN": CliRunner().invoke(main, ["convert", "--force", str(slide), str(slide)]),
        "no file": CliRunner().invoke(main, ["convert", "--force", str(slide), str(tmp_path / "device")]),
        "too long": CliRunner().invoke(main, ["convert", str(slide), str(tmp_path / ("x" * 252))]),
    }

    for words, result in results.items():
        assert result.exit_code == 1
        assert words in result.stderr
        assert isinstance(result.exception, SystemExit)
    assert {path.name for path in tmp_path.iterdir()} == {"a.svs", "device"}
    assert slide.read_bytes() == before


@pytest.mark.parametrize("command", ["info", "serve", "convert"])
def test_a_folder_is_answered_with_what_to_name_instead(command: str, tmp_path: Path) -> None:
    slide = slide_files.dicom_slide(tmp_path / "a").path
    target = [str(tmp_path / "out.tif")] if command == "convert" else []

    result = CliRunner().invoke(main, [command, str(slide.parent), *target])

    assert result.exit_code == 2
    assert "any of a DICOM series" in " ".join(result.stderr.split())


@pytest.mark.parametrize("command", ["info", "serve", "convert"])
def test_a_pipe_is_refused_instead_of_waited_for(command: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    target = [str(tmp_path / "out.tif")] if command == "convert" else []

    result = CliRunner().invoke(main, [command, str(tmp_path / "pipe"), *target])

    assert result.exit_code == 2
    assert "has to be a file" in " ".join(result.stderr.split())


def test_the_process_of_the_command_is_prepared_before_it_loads_what_is_large() -> None:
    code = (
        "import sys\n"
        "from tiler.entrypoints import command\n"
        "prepare, sys.argv = command.prepare_process, ['tiler', '--help']\n"
        "def prepared():\n"
        "    print('prepared', 'click' in sys.modules, 'tiler.slides' in sys.modules)\n"
        "    prepare()\n"
        "command.prepare_process = prepared\n"
        "try:\n"
        "    command.main()\n"
        "finally:\n"
        "    import gc, os\n"
        "    print(gc.get_threshold()[0] > 10_000, os.environ['OPENBLAS_NUM_THREADS'])\n"
    )
    environment = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}

    told = subprocess.run(
        [sys.executable, "-c", code], env=environment, check=True, capture_output=True, text=True
    )

    first, *help_text, last = told.stdout.splitlines()
    assert (first, last) == ("prepared False False", "True 1")
    assert any("convert" in line for line in help_text)


def test_a_full_disk_is_told_and_leaves_nothing_behind(tmp_path: Path) -> None:
    slide = slide_files.aperio_slide(tmp_path / "a.svs").path
    command = [
        sys.executable,
        "-m",
        "tiler.entrypoints.cli",
        "convert",
        str(slide),
        str(tmp_path / "out.tif"),
    ]

    stopped = subprocess.run(
        ["sh", "-c", 'ulimit -f 16; exec "$@"', "sh", *command], check=False, capture_output=True, text=True
    )

    assert stopped.returncode == 1
    assert "Error: File too large." in stopped.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["a.svs"]


def test_a_conversion_that_is_interrupted_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slide = slide_files.aperio_slide(tmp_path / "a.svs").path

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("tiler.entrypoints.cli._Bars.show", interrupted)
    result = CliRunner().invoke(main, ["convert", str(slide), str(tmp_path / "out.tif")])

    assert result.exit_code == 1
    assert "Aborted!" in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["a.svs"]


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("command", ["convert", "serve"])
def test_a_program_that_is_ended_from_outside_leaves_nothing_behind(
    command: str, ending: signal.Signals, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slide = slide_files.mirax_slide(tmp_path / "a.mrxs").path
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))

    def ended(*_: object) -> None:
        os.kill(os.getpid(), ending)

    monkeypatch.setattr("tiler.entrypoints.cli._Bars.show", ended)
    target = [str(scratch / "out.tif")] if command == "convert" else []
    result = CliRunner().invoke(main, [command, str(slide), *target])

    assert result.exit_code == 128 + ending
    assert [*scratch.iterdir()] == []
    assert signal.getsignal(ending) is signal.SIG_DFL


def test_two_that_write_the_same_do_not_mix_their_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slide = slide_files.aperio_slide(tmp_path / "a.svs").path
    target = tmp_path / "out.tif"
    command = [sys.executable, "-m", "tiler.entrypoints.cli", "convert", "--force", str(slide), str(target)]

    def meanwhile(*_: object) -> None:
        monkeypatch.undo()
        subprocess.run(command, check=True, capture_output=True)

    monkeypatch.setattr("tiler.entrypoints.cli._Bars.show", meanwhile)
    result = CliRunner().invoke(main, ["convert", "--force", str(slide), str(target)])

    assert result.exit_code == 0, result.output
    assert len(slide_levels(target)) == 4
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.svs", "out.tif"]


def test_what_a_library_has_to_say_is_told_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slide = slide_files.aperio_slide(tmp_path / "a.svs").path

    def broken(path: Path) -> Never:
        raise OSError("encoder error -2")  # as Pillow does, without a number

    monkeypatch.setattr("tiler.slides.describe", broken)
    result = CliRunner().invoke(main, ["info", str(slide)])

    assert result.exit_code == 1
    assert result.stderr == "Error: encoder error -2.\n"


def test_info_tells_facts_and_route_without_converting(tmp_path: Path) -> None:
    slide = slide_files.ndpi_slide(tmp_path / "a.ndpi").path

    result = CliRunner().invoke(main, ["info", str(slide)])

    found = json.loads(result.stdout)
    assert (found["vendor"], found["route"]) == ("hamamatsu", "join")
    assert (found["width"], found["height"], found["magnification"]) == (1024, 700, 20.0)
    assert found["pixel_width_um"] == pytest.approx(0.4567, rel=1e-3)


@pytest.mark.parametrize("name", EVERY)
def test_info_knows_size_levels_and_place_of_every_format(name: str, tmp_path: Path) -> None:
    slide = EVERY[name](tmp_path)
    source = seen_by_openslide(slide.path)
    height, width = source.pixels.shape[:2]

    result = CliRunner().invoke(main, ["info", str(slide.path)])

    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert (found["width"], found["height"]) == (width, height)
    assert found["levels"][0] == {"width": width, "height": height}
    assert found["vendor"] == source.vendor
    bounds = {
        side: source.properties.get(f"openslide.bounds-{side}") for side in ("x", "y", "width", "height")
    }
    assert found["bounds"] == ({side: int(value) for side, value in bounds.items() if value} or None)
    for side, axis in (("width", "x"), ("height", "y")):
        expected = float(source.properties[f"openslide.mpp-{axis}"])
        assert found[f"pixel_{side}_um"] == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("kind", ["scn", "philips", "bif", "trestle", "bif with overlap"])
def test_what_a_scanner_tells_in_words_alone_is_converted_before_it_is_served(
    kind: str, tmp_path: Path
) -> None:
    assert servable(EVERY[kind](tmp_path).path) is None


@pytest.mark.parametrize(("steps", "is_served"), [((), False), ((16,), True)])
def test_a_slide_that_cannot_be_seen_whole_is_converted_before_it_is_served(
    steps: tuple[int, ...], is_served: bool, tmp_path: Path
) -> None:
    slide = slide_files.plain_slide(tmp_path / "a.tif", tile=16, size=(512, 512), steps=steps)

    assert (servable(slide.path) is not None) == is_served


@pytest.mark.parametrize("kind", ["shown as it is", "converted first"])
def test_serve_shows_a_slide_in_a_page_of_this_machine(kind: str, tmp_path: Path) -> None:
    slide = (
        slide_files.aperio_slide(tmp_path / "a.svs")
        if kind == "shown as it is"
        else slide_files.mirax_slide(tmp_path / "a.mrxs")
    )
    command = [sys.executable, "-m", "tiler.entrypoints.cli", "serve", "--no-browser", str(slide.path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            said = re.search(r"http://127\.0\.0\.1:\d+/", server.stdout.readline())
            assert said is not None
            page, described = (urlopen(said[0] + path).read() for path in ("", "slide.json"))
            found = json.loads(described)
            tile = urlopen(f"{said[0]}tiles/{found['zoom_levels'] - 1}/0/0.{found['format']}").read()
        finally:
            server.send_signal(signal.SIGINT)
        assert server.stderr is not None
        noise = server.stderr.read()
    assert b"<canvas" in page
    assert "GET" not in noise
    assert as_pixels(tile).shape == (found["tile_size"], found["tile_size"], 3)
    assert server.returncode == 0
