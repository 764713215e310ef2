"""Where a disk is full, no file is said to be damaged: what is to be imported waits until there is room again."""

import errno
import os
import tempfile
import zipfile
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pytest
import tifffile

from ingest_worker.adapters import unpacking
from ingest_worker.adapters.readers import tiff
from ingest_worker.adapters.readers.conversion_input import ConversionInput
from ingest_worker.adapters.volumes import PyramidReading
from ingest_worker.adapters.writers.pyramid import write_pyramid
from ingest_worker.conversion import convert
from ingest_worker.domain.budget import Budget
from ingest_worker.domain.files import SourceFile
from ingest_worker.domain.work_disk import WorkDiskFull

TOO_LARGE = ("The conversion was stopped: it would have written more than 97.7 kB.",)


def is_full(*_: Any, **__: Any) -> NoReturn:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A TIFF that has to be tiled anew, of pixels that no compression makes smaller."""
    path = tmp_path / "picture.tif"
    noise = np.random.default_rng(1).integers(0, 256, (600, 600), np.uint8)
    tifffile.imwrite(path, noise, resolution=(100, 100), resolutionunit="CENTIMETER")
    return path


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as opened:
        opened.writestr("noise", os.urandom(300_000))
    return path


def test_a_tiff_is_not_damaged_for_want_of_room(tmp_path: Path, picture: Path) -> None:
    given = ConversionInput((SourceFile(picture.name, picture),), Budget(), tmp_path)
    (reading,) = tiff.read(given)
    assert isinstance(reading, PyramidReading)
    (tmp_path / "out.tif").symlink_to("/dev/full")

    with pytest.raises(OSError, match="No space left"):
        write_pyramid(reading, tmp_path / "out.tif", on_progress=lambda _: None)


def test_an_archive_is_not_damaged_for_want_of_room(
    tmp_path: Path, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unpacking, "_copy", is_full)

    with pytest.raises(OSError, match="No space left"):
        unpacking.unpack(SourceFile(archive.name, archive), tmp_path, unpacking.Allowance.of(Budget()))


def test_what_would_become_too_large_is_told_so(tmp_path: Path, picture: Path, archive: Path) -> None:
    report = convert([picture, archive], tmp_path / "out", budget=Budget(file_bytes=100_000))

    assert {each.file: each.reasons for each in report.rejected} == {
        "picture.tif": TOO_LARGE,
        "a.zip": TOO_LARGE,
    }


def test_a_disk_without_room_for_a_folder_is_full(
    tmp_path: Path, picture: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "mkdtemp", is_full)

    with pytest.raises(WorkDiskFull):
        convert([picture], tmp_path / "out")
