"""`make bench-ingest-floor`: what an import cannot do without, each part alone, beside our import and panimg's in the same rounds.

A thread takes one file after another, so that each part finds its bytes in the cache: read the file, digest it, digest its
pixels, compress and sum these up, write what was made. Every processor does the same meanwhile, as they share memory and power.
What the parts take together, shared among all processors without a gap, is what nobody who keeps these promises can beat;
headers, order, processes and Python come on top.
"""

import argparse
import os
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from hashlib import sha256
from multiprocessing import get_context
from pathlib import Path
from statistics import fmean
from time import thread_time
from typing import TypeVar

import numpy as np
from isal import isal_zlib
from pydicom import dcmread

from archive_shared.processors import usable_processors
from bench.ingest import CACHE, contestant
from bench.ingest_inputs import make_inputs
from bench.measuring import Figures, Measure, compare, conditions, table
from ingest_worker.adapters.volumes import Pixels
from ingest_worker.adapters.writers.metaimage import BUFFER, LEVEL_OF_SHORTS

CASES = ("CT DICOM, no intercept", "4D DICOM")
Result = TypeVar("Result")


def main() -> None:
    options = _options()
    inputs = make_inputs(CACHE / "bench-ingest" / str(options.slices), slices=options.slices)
    for name in CASES:
        contestants: dict[str, Measure] = {
            who: partial(contestant, who, inputs[name]) for who in ("panimg", "ours")
        }
        contestants["the floor"] = partial(floor, inputs[name])
        comparison = compare(contestants, rounds=options.rounds, warm_up=False)
        print(f"\n### {name}\n\n{table(comparison)}\n")
        for who in ("ours", "the floor"):
            print(f"{who}: {comparison.ratio('panimg', who, 's'):.1f} times panimg's speed.", end=" ")
        print(conditions(comparison), flush=True)


def floor(source: Path) -> Figures:
    """Return the processor time of each part for a folder of uncompressed slices of 16 bits."""
    processors = usable_processors()
    with ProcessPoolExecutor(processors, mp_context=get_context("spawn")) as pool:
        spent = list(pool.map(_parts, [source] * processors))
    parts = {part: fmean(each[part] for each in spent) for part in spent[0]}
    total_s = sum(parts.values()) / 1000
    return {"s": total_s / processors, "CPU s": total_s, **parts}


def _parts(source: Path) -> dict[str, float]:
    """Return milliseconds by part."""
    spent: defaultdict[str, float] = defaultdict(float)

    def timed(part: str, work: Callable[[], Result]) -> Result:
        begun = thread_time()
        result = work()
        spent[f"{part} ms"] += 1000 * (thread_time() - begun)
        return result

    files = list(_files(source))
    block = memoryview(bytearray(max(size for _, _, size in files)))
    of_pixels = sha256()
    with tempfile.TemporaryFile(buffering=0) as written:
        for path, offset, size in files:
            timed("read", partial(_read, path, block[:size]))
            pixels = np.frombuffer(block[offset:size], np.int16)
            timed("SHA-256 of files", partial(sha256, block[:size]))
            timed("SHA-256 of pixels", partial(of_pixels.update, pixels.data))
            timed("Adler-32 and extremes", partial(_summed_up, pixels))
            pieces = timed("compress", partial(_compressed, pixels))
            timed("write", partial(os.writev, written.fileno(), pieces))
    return dict(spent)


def _files(source: Path) -> Iterator[tuple[Path, int, int]]:
    """Yield every file, where its pixels begin, and its size."""
    for path in sorted(source.iterdir()):
        size = path.stat().st_size
        yield path, size - len(dcmread(path).PixelData), size


def _read(path: Path, block: memoryview) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    os.readv(descriptor, [block])
    os.close(descriptor)


def _compressed(pixels: Pixels) -> list[bytes]:
    squeeze = isal_zlib.compressobj(LEVEL_OF_SHORTS, isal_zlib.DEFLATED, -15, BUFFER)
    return [squeeze.compress(pixels), squeeze.flush(isal_zlib.Z_FULL_FLUSH)]


def _summed_up(pixels: Pixels) -> tuple[int, int, int]:
    return isal_zlib.adler32(pixels), pixels.min(), pixels.max()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--slices", type=int, default=300, help="of the CT series")
    return parser.parse_args()


if __name__ == "__main__":
    main()
