"""The programs that the slide worker starts, as processes with the worker's limits."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from archive_shared.jobs.handler import JobPolicy
from archive_shared.jobs.program import Ending, Program, Refused, Succeeded
from tests.integration.tiler.conftest import Studio
from tests.support import slide_files
from tiler.bootstrap import CONVERSION_PROGRAM, FILLING_PROGRAM, slide_work_over


@pytest.fixture
def folder(environment: Mapping[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Where a slide can be put, in an environment that programs can start in."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    folder = tmp_path / "upload"
    folder.mkdir()
    return folder


def ended(command: tuple[str, ...], payload: Mapping[str, Any]) -> tuple[Ending, list[Mapping[str, Any]]]:
    """Run a program to its end; return how it ended and what it reported."""
    program, told = Program(command, JobPolicy()), []
    try:
        program.order(payload, None)
        while not program.has_ended():
            told += program.listen(0.1)
        return program.ending(), told
    finally:
        program.kill()


def test_a_slide_is_converted_and_completed_by_the_programs(studio: Studio, folder: Path) -> None:
    slide_files.aperio_slide(folder / "slide.svs")
    image = studio.import_slide(folder)
    work = slide_work_over(studio.service.documents)
    order = work.converting.payload(work.conversions.require(image))

    converted, told = ended(CONVERSION_PROGRAM, order)

    assert isinstance(converted, Succeeded)
    assert converted.result["product"]["route"] == "copy"
    assert told[-1] == {"done": 1000}
    filled, told = ended(
        FILLING_PROGRAM, {"image": image, "epoch": 1, "product": converted.result["product"]}
    )
    assert isinstance(filled, Succeeded)
    assert filled.result["is_complete"]
    assert studio.images.stat(filled.result["key"]).size_bytes == filled.result["size_bytes"]


def test_a_refusal_comes_with_its_reason(studio: Studio, folder: Path) -> None:
    slide_files.leica_slide(folder / "slide.svs", areas=2)
    image = studio.import_slide(folder)
    work = slide_work_over(studio.service.documents)

    refused, _ = ended(CONVERSION_PROGRAM, work.converting.payload(work.conversions.require(image)))

    assert isinstance(refused, Refused)
    assert "2 scanned areas" in refused.reason
