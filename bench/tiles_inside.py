"""Contestants of `make bench-tiles` in process: the same random tiles of the same slide, one thread, no tile cached."""

import json
import random
import subprocess
import time
from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import Path

import openslide
from openslide.deepzoom import DeepZoomGenerator

from bench.measuring import Figures, percentile
from bench.tiles_service import IMAGE, PassHolder, Stores, service_at
from tiler.adapters.file_source import FileSource
from tiler.adapters.quick_tiles import QuickTiles
from tiler.domain.deep_zoom import DeepZoom
from tiler.domain.tile_index import TileIndex

SLOW_TILES, TILES = 200, 2000
LARGE_IMAGE = Path(".cache/bench-slides-large-image/bin/python")
Ask = Callable[[int, int], bytes]
Places = Sequence[tuple[int, int]]


def places(index: TileIndex, count: int) -> Places:
    """Return random tiles of the full resolution that reach no edge."""
    first, chance = index.levels[0], random.Random(7)
    return [(chance.randrange(first.columns - 1), chance.randrange(first.rows - 1)) for _ in range(count)]


def open_file(slide: Path, index: TileIndex) -> Figures:
    """Serve from a file that is open, as DeepZoomGenerator does."""
    with FileSource(slide) as source:
        tiles, last = QuickTiles(index), DeepZoom.of(index).zoom_levels - 1
        return _timed(lambda x, y: tiles.read(source, last, x, y).body, places(index, TILES))


def from_store(stores: Stores, index: TileIndex) -> Figures:
    """Serve as behind HTTP: the pass is checked, and the tile read from a blob store."""
    service = service_at(stores)
    holder = PassHolder(service, index)
    watching, last = service.watching, DeepZoom.of(index).zoom_levels - 1

    def ask(x: int, y: int) -> bytes:
        _, written = holder.held()
        return watching.tile(watching.check(written, IMAGE), last, x, y).body

    return _timed(ask, places(index, TILES))


def deep_zoom_generator(slide: Path, index: TileIndex) -> Figures:
    """Serve as openslide-python's own example does, with Pillow's default quality."""
    with openslide.OpenSlide(slide) as opened:
        generator = DeepZoomGenerator(opened, tile_size=index.levels[0].tile_width, overlap=0)
        level = generator.level_count - 1

        def ask(x: int, y: int) -> bytes:
            body = BytesIO()
            generator.get_tile(level, (x, y)).save(body, "JPEG", quality=75)
            return body.getvalue()

        return _timed(ask, places(index, SLOW_TILES))


def large_image(slide: Path, index: TileIndex) -> Figures:
    """Have large_image serve in an environment of its own; see `bench/tiles_large_image.py`."""
    asked = json.dumps({"slide": str(slide), "places": places(index, SLOW_TILES)})
    command = [str(LARGE_IMAGE), "bench/tiles_large_image.py"]
    done = subprocess.run(command, input=asked, capture_output=True, text=True, check=True)
    answer = json.loads(done.stdout)
    return _figures(answer["times_ms"], answer["cpu_s"])


def _timed(ask: Ask, wanted: Places) -> Figures:
    ask(*wanted[0])
    times, used = [], time.process_time()
    for x, y in wanted:
        started = time.perf_counter()
        ask(x, y)
        times.append(1000 * (time.perf_counter() - started))
    return _figures(times, time.process_time() - used)


def _figures(times_ms: Sequence[float], cpu_s: float) -> Figures:
    return {
        "tiles per CPU s": len(times_ms) / cpu_s,
        "p50 ms": percentile(times_ms, 50),
        "p99 ms": percentile(times_ms, 99),
    }
