"""Decodes slides that cannot be copied, and encodes them anew in tiles: in parallel, block by block."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from simplejpeg import encode_jpeg

from tiler.adapters.region_reader import read_region
from tiler.adapters.slides.bigtiff import Positions, ProductLevel, positions
from tiler.adapters.slides.copying import Progress
from tiler.adapters.slides.jpeg_parts import TableRemover, split_tables
from tiler.adapters.slides.openslide_pixels import OpenSlidePixels
from tiler.adapters.slides.parallel import in_order
from tiler.adapters.slides.product import ProductFile, generated_tiles, product_text, sha256_of
from tiler.domain.encoding import Photometric
from tiler.domain.limits import MAX_TILES
from tiler.domain.problems import UnreadableImage
from tiler.domain.region import Region
from tiler.domain.slide import DecodePlan, SlideFacts
from tiler.domain.slide_files import SlideFiles

TILE_PX = 256
QUALITY = 90
_SQUARE = (4 * TILE_PX, 4 * TILE_PX)  # few tiles of the source are decoded for more than one block
_COLUMN = (
    TILE_PX,
    8 * TILE_PX,
)  # tiles need not be cut out of it; OpenSlide remembers what its neighbours share
_Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class _Decoder:
    """Reads blocks of the full resolution, from several threads; `colours` names the order of channels."""

    facts: SlideFacts
    width: int
    height: int
    colours: str
    block: tuple[int, int]
    read: Callable[[Region], _Pixels]
    remover: TableRemover = field(default_factory=TableRemover)


def decode_slide(
    plan: DecodePlan, files: SlideFiles, target: Path, *, name: str, threads: int, on_progress: Progress
) -> str:
    """Write the full resolution and return the SHA-256 of the file; memory is that of a few blocks for each thread.

    Raises
    ------
    UnreadableImage
        The slide is damaged, or not of the vendor its content speaks of.
    """
    with _opened(plan, files) as decoder:
        columns, rows = -(-decoder.width // TILE_PX), -(-decoder.height // TILE_PX)
        if columns * rows > MAX_TILES:
            raise UnreadableImage(f"The slide has more than {MAX_TILES} tiles.")
        text = product_text(decoder.facts, plan.route, name)
        later = generated_tiles(decoder.width, decoder.height, (TILE_PX, TILE_PX))
        tables = _tables(decoder.colours)
        with ProductFile(target, text, tiles=[columns * rows], tables=[tables], later=later) as product:
            offsets, lengths = (positions(columns * rows) for _ in range(2))
            blocks = list(_blocks(decoder))
            for number, tiles in enumerate(in_order(lambda block: _encoded(decoder, block), blocks, threads)):
                for (column, row), tile in tiles:
                    at = row * columns + column
                    offsets[at], lengths[at] = product.append(tile), len(tile)
                on_progress(1000 * (number + 1) // len(blocks))
            product.write_directories([_level(decoder, tables, offsets, lengths)])
    return sha256_of(target)


def _opened(plan: DecodePlan, files: SlideFiles) -> AbstractContextManager[_Decoder]:
    if plan.level is None:
        return _OpenSlideDecoder(plan.facts, files.on_disk())
    source, level = plan.level.source, plan.level.level
    colours = "RGB" if level.encoding.is_colour else "GRAY"
    read = partial(read_region, source, level)
    return nullcontext(_Decoder(plan.facts, level.width, level.height, colours, _SQUARE, read))


class _OpenSlideDecoder(AbstractContextManager[_Decoder]):
    def __init__(self, facts: SlideFacts, path: Path) -> None:
        self._pixels = OpenSlidePixels.open(path, facts)

    def __enter__(self) -> _Decoder:
        pixels, scanned = self._pixels, self._pixels.region
        return _Decoder(pixels.facts, scanned.width, scanned.height, "BGRX", _COLUMN, pixels.read)

    def __exit__(self, *_: object) -> None:
        self._pixels.slide.close()


def _blocks(decoder: _Decoder) -> Iterator[Region]:
    width, height = decoder.block
    for y in range(0, decoder.height, height):
        for x in range(0, decoder.width, width):
            yield Region(x, y, min(width, decoder.width - x), min(height, decoder.height - y))


def _encoded(decoder: _Decoder, block: Region) -> list[tuple[tuple[int, int], bytes]]:
    pixels = decoder.read(block)
    padding = ((0, -block.height % TILE_PX), (0, -block.width % TILE_PX), (0, 0))
    padded = np.pad(pixels, padding, mode="edge") if any(map(any, padding)) else pixels
    return [
        (
            ((block.x + x) // TILE_PX, (block.y + y) // TILE_PX),
            decoder.remover.rest(_stream(padded[y : y + TILE_PX, x : x + TILE_PX], decoder.colours)),
        )
        for y in range(0, padded.shape[0], TILE_PX)
        for x in range(0, padded.shape[1], TILE_PX)
    ]


def _stream(pixels: _Pixels, colours: str) -> bytes:
    subsampling = "Gray" if colours == "GRAY" else "420"
    return bytes(encode_jpeg(np.ascontiguousarray(pixels), QUALITY, colours, subsampling))


def _tables(colours: str) -> bytes:
    depth = {"GRAY": 1, "RGB": 3, "BGRX": 4}[colours]
    return split_tables(_stream(np.zeros((TILE_PX, TILE_PX, depth), np.uint8), colours))[0]


def _level(decoder: _Decoder, tables: bytes, offsets: Positions, lengths: Positions) -> ProductLevel:
    gray = decoder.colours == "GRAY"
    photometric = Photometric.BLACK_IS_ZERO if gray else Photometric.YCBCR
    return ProductLevel(
        decoder.width, decoder.height, TILE_PX, TILE_PX, photometric, (2, 2), tables, offsets, lengths
    )
