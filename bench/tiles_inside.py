"""Contestants of `make bench-tiles` in process: the same random tiles of the same slide, one thread, no tile cached.

The system has the slide in memory when the clock starts.
"""

import json
import random
import subprocess
import time
from base64 import b64decode
from collections.abc import Callable, Sequence
from functools import lru_cache
from io import BytesIO
from pathlib import Path

import numpy as np
import openslide
from numpy.typing import NDArray
from openslide.deepzoom import DeepZoomGenerator
from PIL import Image

from bench.measuring import Figures, percentile
from bench.tiles_service import IMAGE, PassHolder, Stores, have_in_memory, service_at
from tiler.adapters.file_source import FileSource
from tiler.adapters.quick_tiles import QuickTiles
from tiler.adapters.tiff_index import build_index
from tiler.domain.deep_zoom import DeepZoom
from tiler.domain.tile_index import TileIndex

SLOW_TILES, TILES, LOOKED_AT = 200, 2000, 8
LARGE_IMAGE = Path(".cache/bench-slides-large-image/bin/python")
Ask = Callable[[int, int], bytes]
Places = Sequence[tuple[int, int]]
Pixels = NDArray[np.int16]
OFF = "colours off"


def places(index: TileIndex, count: int) -> Places:
    """Return random tiles of the full resolution that reach no edge."""
    first, chance = index.levels[0], random.Random(7)
    return [(chance.randrange(first.columns - 1), chance.randrange(first.rows - 1)) for _ in range(count)]


@lru_cache(maxsize=4)
def _right(slide: Path, side: int) -> Sequence[Pixels]:
    """Return what OpenSlide sees at the first places that are asked for."""
    with FileSource(slide) as source:
        wanted = places(build_index(source), LOOKED_AT)
    with openslide.OpenSlide(slide) as opened:
        seen = [opened.read_region((x * side, y * side), 0, (side, side)) for x, y in wanted]
        return [np.asarray(picture.convert("RGB"), np.int16) for picture in seen]


def colours_off(slide: Path, index: TileIndex, bodies: Sequence[bytes]) -> float:
    """Return by how many levels the colours of the first places are off in the worst of them, as a browser decodes it.

    About 1 is rounding and what encoding anew costs; another colour model is off by tens.
    """
    right = _right(slide, index.levels[0].tile_width)
    shown = [np.asarray(Image.open(BytesIO(body)).convert("RGB"), np.int16) for body in bodies[:LOOKED_AT]]
    return max(float(np.abs(one - other).mean()) for one, other in zip(shown, right, strict=True))


def open_file(slide: Path, index: TileIndex) -> Figures:
    """Serve from a file that is open, as DeepZoomGenerator does."""
    have_in_memory(slide)
    with FileSource(slide) as source:
        tiles, last = QuickTiles(index), DeepZoom.of(index).zoom_levels - 1
        return _timed(lambda x, y: tiles.read(source, last, x, y).body, slide, index, TILES)


def from_store(stores: Stores, slide: Path, index: TileIndex) -> Figures:
    """Serve as behind HTTP: the pass is checked, and the tile read from a blob store."""
    stores.have_slide_in_memory()
    service = service_at(stores)
    holder = PassHolder(service, index)
    watching, last = service.watching, DeepZoom.of(index).zoom_levels - 1

    def ask(x: int, y: int) -> bytes:
        _, written = holder.held()
        return watching.tile(watching.check(written, IMAGE), last, x, y).body

    return _timed(ask, slide, index, TILES)


def deep_zoom_generator(slide: Path, index: TileIndex) -> Figures:
    """Serve as openslide-python's own example does, with Pillow's default quality."""
    have_in_memory(slide)
    with openslide.OpenSlide(slide) as opened:
        generator = DeepZoomGenerator(opened, tile_size=index.levels[0].tile_width, overlap=0)
        level = generator.level_count - 1

        def ask(x: int, y: int) -> bytes:
            body = BytesIO()
            generator.get_tile(level, (x, y)).save(body, "JPEG", quality=75)
            return body.getvalue()

        return _timed(ask, slide, index, SLOW_TILES)


def large_image(slide: Path, index: TileIndex) -> Figures:
    """Have large_image serve in an environment of its own; see `bench/tiles_large_image.py`."""
    have_in_memory(slide)
    asked = json.dumps({"slide": str(slide), "places": places(index, SLOW_TILES), "looked_at": LOOKED_AT})
    command = [str(LARGE_IMAGE), "bench/tiles_large_image.py"]
    done = subprocess.run(command, input=asked, capture_output=True, text=True, check=True)
    answer = json.loads(done.stdout)
    bodies = [b64decode(body) for body in answer["bodies"]]
    return _figures(answer["times_ms"], answer["cpu_s"], colours_off(slide, index, bodies))


def _timed(ask: Ask, slide: Path, index: TileIndex, count: int) -> Figures:
    wanted = places(index, count)
    off = colours_off(slide, index, [ask(x, y) for x, y in wanted[:LOOKED_AT]])
    times, used = [], time.process_time()
    for x, y in wanted:
        started = time.perf_counter()
        ask(x, y)
        times.append(1000 * (time.perf_counter() - started))
    return _figures(times, time.process_time() - used, off)


def _figures(times_ms: Sequence[float], cpu_s: float, off: float) -> Figures:
    return {
        "tiles per CPU s": len(times_ms) / cpu_s,
        "p50 ms": percentile(times_ms, 50),
        "p99 ms": percentile(times_ms, 99),
        OFF: off,
    }
