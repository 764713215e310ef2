"""Conversion takes the memory of a few rows of tiles, whatever the size of the slide."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tifffile

from tests.support import slide_files
from tests.support.slide_files.scene import Pixels, scene

MOST_KB = 150 << 10
MOST_GROWTH_KB = 20 << 10
SMALL_PX, LARGE_PX = 1024, 4096  # the larger one has 50 MB of pixels

PROGRAM = """
import sys
from pathlib import Path
from tiler.adapters.slides.conversion import convert_slide
from tiler.adapters.slides.filling import fill_levels
from tiler.adapters.slides.local_files import LocalFiles

for path in map(Path, sys.argv[1:]):
    target = path.with_suffix(".product")
    with LocalFiles(path) as files:
        convert_slide(files, target, name="slide", threads=2, on_progress=lambda _: None)
    fill_levels(target, threads=2, on_progress=lambda _: None)
    print(*[line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")])
"""


def write_pyramid(path: Path, pixels: Pixels, compression: str) -> None:
    tifffile.imwrite(path, pixels, tile=(256, 256), compression=compression, photometric="rgb", metadata=None)


WRITERS: dict[str, Callable[[Path, Pixels], object]] = {
    "copied": lambda path, pixels: write_pyramid(path, pixels, "jpeg"),
    "joined": lambda path, pixels: slide_files.ndpi_slide(path, pixels=pixels, steps=(1,)),
    "decoded": lambda path, pixels: write_pyramid(path, pixels, "deflate"),
}


@pytest.mark.parametrize("name", WRITERS)
def test_a_slide_of_sixteen_times_the_pixels_takes_no_more_memory(name: str, tmp_path: Path) -> None:
    paths = []
    for side in (SMALL_PX, LARGE_PX):
        paths.append(tmp_path / f"{side}.tif")
        WRITERS[name](paths[-1], np.tile(scene(512, 512), (side // 512, side // 512, 1)))

    said = subprocess.run([sys.executable, "-c", PROGRAM, *paths], check=True, capture_output=True, text=True)

    small, large = map(int, said.stdout.split())
    assert large < MOST_KB
    assert large - small < MOST_GROWTH_KB
