"""Image libraries are loaded by the programs that read images, and by nobody who only passes messages on."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import pytest

from tests.support import slide_files

IMAGING = {"numpy", "PIL", "SimpleITK", "pydicom", "pyvips", "tifffile", "openslide", "isal"}
SLOW_TO_LOAD = {"dataclasses", "inspect", "fractions", "decimal"}
HAMAMATSU = {
    "tiler.adapters.slides.joining",
    "tiler.adapters.slides.ndpi",
    "tiler.adapters.slides.vms",
    "tiler.domain.jpeg_intervals",
}
HTTP = {"flask", "httpx2"}
BROKERS = {"kombu", "pika", "amqp"}
STORES = {"minio", "pymongo"}
PASS_ON = ("tiler.entrypoints.worker", "tiler.entrypoints.relay", "tiler.entrypoints.consumer")
IMPORTS = ("ingest_worker.entrypoints.worker", "ingest_worker.entrypoints.relay")
WEB = ("tiler.entrypoints.wsgi", "ingest_worker.entrypoints.wsgi")


def loaded(code: str, modules: Iterable[str], environment: Mapping[str, str] | None = None) -> set[str]:
    """Which of the modules some code makes a new Python load; each package counts as a whole."""
    listing = (
        "import sys; before = set(sys.modules)\n"  # an environment may bring some along
        f"{code}\n"
        f"print(*(name for name in {sorted(modules)} if name in sys.modules and name not in before))"
    )
    done = subprocess.run(
        [sys.executable, "-c", listing],
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return set(done.stdout.split())


def loaded_to_convert(slide: Path, modules: Iterable[str]) -> set[str]:
    """Which of the modules a new Python loads to convert a slide."""
    target = slide.with_name("out.tif")
    code = (
        "from pathlib import Path\n"
        "from tiler.adapters.slides.conversion import convert_slide\n"
        "from tiler.adapters.slides.local_files import LocalFiles\n"
        f"with LocalFiles(Path({str(slide)!r})) as files:\n"
        f"    convert_slide(files, Path({str(target)!r}), name='', threads=1, on_progress=id)\n"
    )
    found = loaded(code, modules)
    assert target.exists()
    return found


@pytest.mark.parametrize("module", [*PASS_ON, *IMPORTS])
def test_background_processes_load_no_image_library(module: str) -> None:
    assert loaded(f"import {module}", IMAGING) == set()


@pytest.mark.parametrize("module", PASS_ON)
def test_background_processes_of_the_tiler_speak_no_http(module: str) -> None:
    assert loaded(f"import {module}", HTTP) == set()


@pytest.mark.parametrize("module", WEB)
def test_web_servers_start_without_an_image_library(module: str, environment: Mapping[str, str]) -> None:
    assert loaded(f"import {module}; {module}.create()", IMAGING, environment) == set()


def test_the_program_that_reads_images_has_loaded_what_it_needs_before_it_gets_one_and_nothing_else() -> None:
    code = "import tiler.entrypoints.reading_program as program; program.load('render')"

    assert loaded(code, IMAGING | HTTP | BROKERS | STORES) == {"numpy", "PIL", "isal"}


@pytest.mark.parametrize("program", ["rendering", "conversion", "filling"])
def test_programs_that_hold_keys_load_no_image_library(program: str) -> None:
    assert loaded(f"import tiler.entrypoints.{program}_program", IMAGING | HTTP | BROKERS) == set()


@pytest.mark.parametrize(
    "make", [slide_files.aperio_slide, slide_files.leica_slide, slide_files.philips_slide]
)
def test_a_slide_whose_tiles_are_copied_is_converted_with_nothing_loaded_that_it_does_not_need(
    make: Callable[[Path], slide_files.VendorSlide], tmp_path: Path
) -> None:
    assert loaded_to_convert(make(tmp_path / "slide").path, IMAGING | SLOW_TO_LOAD | HAMAMATSU) == set()


def test_a_slide_whose_streams_are_joined_is_converted_without_what_is_slow_to_load(tmp_path: Path) -> None:
    slide = slide_files.ndpi_slide(tmp_path / "slide.ndpi").path

    assert loaded_to_convert(slide, IMAGING | SLOW_TO_LOAD) == set()
