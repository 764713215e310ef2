"""`make bench-tiles`: serving stored tiles, from the embedded store and from an S3 server, beside those who decode them.

In process beside DeepZoomGenerator with Pillow and large_image, over the network beside iipsrv.
"""

import tempfile
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path

import click

from bench import tiles_inside, tiles_over_http
from bench.measuring import Comparison, Measure, compare, conditions, table
from bench.slides_made import aperio
from bench.tiles_iipsrv import iipsrv, why_not
from bench.tiles_service import Stores, embedded, on_s3
from tiler.adapters.file_source import FileSource
from tiler.adapters.tiff_index import build_index
from tiler.domain.limits import BLOCK_CACHE_BYTES
from tiler.domain.tile_index import TileIndex
from tiler.slides import convert

KINDS = ("YCbCr", "RGB")
"""How colours are stored; RGB as many Aperio scanners do, without a marker that tells browsers."""

VIEWERS_BLOCK_BYTES = 8 << 20
"""Less than a tenth of the slide, so that nobody finds all of it from the round before; production keeps more."""

PAUSES_S = {"dragging": 0.1, "never resting": 0.0}
"""How long a viewer looks at a window: people who drag without a pause see ten a second, programs do not look at all."""

_BY_TILE, _BY_BLOCK = "a read for each tile", "in blocks, as in production"
_EMBEDDED, _S3, _S3_BARE = "embedded store", "S3", "S3, a read for each tile"
_ALONE = "S3 alone, the same ranges"
SLIDES = Path(".cache/bench-slides").absolute()


@click.command()
@click.option("--rounds", default=3, show_default=True)
@click.option("--side", default=20_000, show_default=True, help="Of the slide, in pixels.")
def main(rounds: int, side: int) -> None:
    """Serve random tiles of a converted slide and print Markdown tables."""
    for kind in KINDS:
        print(f"\n## {kind}")
        _compare(_converted(side, kind), rounds)


def _compare(slide: Path, rounds: int) -> None:
    with FileSource(slide) as source:
        index = build_index(source)
    with ExitStack() as running:
        folders = [Path(running.enter_context(tempfile.TemporaryDirectory())) for _ in range(2)]
        stores = {
            _EMBEDDED: running.enter_context(embedded(folders[0])),
            _S3: running.enter_context(on_s3(folders[1])),
        }
        for store in stores.values():
            store.fill(slide, index)
        _print_inside(compare(_inside(slide, index, stores), rounds=rounds))
        _print_outside(compare(_outside(slide, index, stores, running), rounds=rounds))
        _print_viewers(compare(_viewers(index, stores, running), rounds=rounds))


def _converted(side: int, kind: str) -> Path:
    SLIDES.mkdir(parents=True, exist_ok=True)
    target = SLIDES / f"tiles-{kind}-{side}.tif"
    if not target.exists():
        source = aperio(target.with_suffix(".svs"), side, side, 256, rgb=kind == "RGB")
        convert(source, target, on_progress=lambda _stage, _done: None)
        source.unlink()
    return target


def _inside(slide: Path, index: TileIndex, stores: dict[str, Stores]) -> dict[str, Measure]:
    return {
        "ours, an open file": partial(tiles_inside.open_file, slide, index),
        **{
            f"ours, {name}, pass checked": partial(tiles_inside.from_store, store, slide, index)
            for name, store in stores.items()
        },
        "large_image": partial(tiles_inside.large_image, slide, index),
        "DeepZoomGenerator": partial(tiles_inside.deep_zoom_generator, slide, index),
    }


def _outside(
    slide: Path, index: TileIndex, stores: dict[str, Stores], running: ExitStack
) -> dict[str, Measure]:
    turns: dict[str, Measure] = {}
    for name, store, block_bytes in (
        (_EMBEDDED, stores[_EMBEDDED], 0),
        (_S3, stores[_S3], BLOCK_CACHE_BYTES),
        (_S3_BARE, stores[_S3], 0),
    ):
        server = running.enter_context(tiles_over_http.served(store, index, block_bytes=block_bytes))
        turns[f"ours, {name}"] = partial(tiles_over_http.ours, server, slide)
    turns[_ALONE] = partial(tiles_over_http.store_alone, stores[_S3], index)
    missing = why_not()
    if missing:
        print(f"\niipsrv is left out: {missing}.")
    else:
        turns["iipsrv"] = partial(iipsrv, slide, index)
    return turns


def _viewers(index: TileIndex, stores: dict[str, Stores], running: ExitStack) -> dict[str, Measure]:
    turns: dict[str, Measure] = {}
    for reading, block_bytes in ((_BY_TILE, 0), (_BY_BLOCK, VIEWERS_BLOCK_BYTES)):
        server = running.enter_context(tiles_over_http.served(stores[_S3], index, block_bytes=block_bytes))
        for pace, pause_s in PAUSES_S.items():
            turns[f"{pace}, {reading}"] = partial(tiles_over_http.viewers, server, pause_s)
    return turns


def _print_viewers(found: Comparison) -> None:
    print(f"\n### {tiles_over_http.CLIENTS} viewers, S3")
    for pace in PAUSES_S:
        parts = {name: figures for name, figures in found.figures.items() if name.startswith(pace)}
        print(f"\n{table(replace(found, figures=parts), against=f'{pace}, {_BY_TILE}')}")
        print(f"\nIn blocks: p99 {found.median(f'{pace}, {_BY_BLOCK}', 'p99 ms'):.1f} ms (aim 20).")
    print(f"\n{conditions(found)}")


def _print_inside(found: Comparison) -> None:
    print(f"\n### In process\n\n{table(found, against='DeepZoomGenerator')}\n\n{conditions(found)}")
    ratio = found.ratio("ours, an open file", "DeepZoomGenerator", "tiles per CPU s")
    print(f"{ratio:.0f} times DeepZoomGenerator (aim 100).")


def _print_outside(found: Comparison) -> None:
    peer = "iipsrv" if "iipsrv" in found.figures else None
    print(f"\n### {tiles_over_http.CLIENTS} clients\n\n{table(found, against=peer)}\n\n{conditions(found)}")
    for name in (_EMBEDDED, _S3, _S3_BARE):
        told = f"From the {name}: p99 {found.median(f'ours, {name}', 'p99 ms'):.1f} ms (aim 20)"
        if peer:
            told += (
                f", {found.ratio(f'ours, {name}', peer, 'tiles per CPU s'):.1f} times iipsrv per core (aim 2)"
            )
        print(f"{told}.")
    print(f"S3 alone has a p99 of {found.median(_ALONE, 'p99 ms'):.1f} ms.")


if __name__ == "__main__":
    main()
