"""`make bench-slides`: converting slides beside panimg's parameters, vips, large_image_converter, wsidicomizer and cp.

Every run is a process of its own, started anew; contestants take turns. Wall and processor time are those of the whole process,
its start included, memory is its peak. All keep their byte code from the first run on, as packages that are installed do. The last table is for a warm worker: conversion, with every tile looked at and the
checksum, beside copying the file, in one process; and beside a copy with a checksum that knows nothing of slides, which nobody who keeps SHA-256 can beat by much.

libvips from PyPI opens neither NDPI nor MRXS. There panimg's call is made with Debian's libvips, which has OpenSlide, from panimg's own environment; and once more
with the `vips` program alone, which has no interpreter to start. make unpacks that library, and the libturbojpeg that wsidicomizer needs and ours uses where it is there, into `.cache/bench-debian`.
Whoever cannot be had is named in the output.
"""

import hashlib
import math
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import click

from archive_shared.in_order import carry_in_order
from bench.measuring import Comparison, Figures, compare, conditions, table
from bench.slides_made import aperio, mirax, ndpi
from tiler.adapters import turbo_jpeg
from tiler.adapters.kept_memory import keep_freed_memory
from tiler.adapters.slides.conversion import convert_slide
from tiler.adapters.slides.local_files import LocalFiles
from tiler.domain.limits import MIB

CACHE = Path(".cache").absolute()
DEBIAN = CACHE / "bench-debian" / "usr"
LIBRARIES = DEBIAN / "lib" / "x86_64-linux-gnu"
TURBOJPEG = LIBRARIES / "libturbojpeg.so.0"
VIPS = DEBIAN / "bin" / "vips"
VIPS_OPTIONS = {
    "panimg's options, Debian's vips": "tile,pyramid,bigtiff,compression=jpeg,Q=70",
    "vips, Debian's": "tile,pyramid,bigtiff,compression=jpeg,Q=85,tile_width=256,tile_height=256",
}
SCRIPT = Path(__file__).with_name("slides_contestants.py")
PANIMG_AND_OPENSLIDE = "panimg, Debian's libvips"
ENVIRONMENTS = {
    PANIMG_AND_OPENSLIDE: "bench-panimg",
    "large_image_converter": "bench-slides-large-image",
    "wsidicomizer": "bench-slides-wsidicomizer",
}
SVS = ("cp", "ours", "ours, all levels", "panimg", "vips", "large_image_converter", "wsidicomizer")
CASES: Mapping[str, tuple[str, ...]] = {
    "svs 20,000 x 20,000": SVS,
    "svs 40,000 x 30,000": SVS,
    "ndpi 16,384 x 8,192": (
        "cp",
        "ours",
        "ours, all levels",
        PANIMG_AND_OPENSLIDE,
        *VIPS_OPTIONS,
        "wsidicomizer",
    ),
    "mrxs 10,000 x 10,000": (
        "ours, all levels",
        "ours, without libturbojpeg",
        PANIMG_AND_OPENSLIDE,
        *VIPS_OPTIONS,
    ),
}
# Contestant of ours, peer, figure: how many times less than the peer it is meant to need.
AIMS = {
    "svs": (
        ("ours", "panimg", "s", 25.0),
        ("ours", "wsidicomizer", "s", 5.0),
        ("ours, all levels", "panimg", "CPU s", 3.5),
    ),
    "ndpi": (("ours", "vips, Debian's", "s", 2.0),),
    "mrxs": (("ours, all levels", PANIMG_AND_OPENSLIDE, "CPU s", 1.5),),
}
MOST_MB = 150
MOST_TIMES_CP = 2.0


@click.command()
@click.option("--rounds", default=3, show_default=True)
@click.option("--case", "chosen", multiple=True, help="Part of a case's name; all of them by default.")
@click.option("--shrink", default=1, show_default=True, help="Make the slides so many times narrower.")
@click.option("--without", multiple=True, help="Leave a contestant out.")
def main(rounds: int, chosen: tuple[str, ...], shrink: int, without: tuple[str, ...]) -> None:
    """Convert synthetic slides with every contestant and print Markdown tables."""
    folder = CACHE / "bench-slides"
    folder.mkdir(parents=True, exist_ok=True)
    if not (TURBOJPEG.exists() or turbo_jpeg.is_there()):
        print("Ours runs without libturbojpeg, which this machine does not have.")
    for name, contestants in CASES.items():
        if not chosen or any(part in name for part in chosen):
            missing = [one for one in contestants if not _program(one).exists()]
            present = [one for one in contestants if one not in (*missing, *without)]
            _case(name, present, _made(folder, name, shrink), rounds)
            for one in missing:
                print(f"Left out: {one}, for want of {_program(one).relative_to(CACHE)} in .cache.")


def _case(name: str, contestants: Sequence[str], source: Path, rounds: int) -> None:
    folder = source.parent
    turns = {one: partial(_run, one, source, folder) for one in contestants}
    comparison = compare(turns, rounds=rounds)
    against = next((one for one in ("ours", "ours, all levels") if one in turns), None)
    print(f"\n### {name}: {_size_mb(source):.0f} MB\n\n{table(comparison, against=against)}\n")
    print(conditions(comparison), *_verdicts(name, comparison), sep="\n")
    if name.startswith("svs"):
        _warm_case(source, folder, 2 * rounds + 1)


def _warm_case(source: Path, folder: Path, rounds: int) -> None:
    turns = {"cp": _copy, "a bare copy with a checksum": _bare, "ours": _warm}
    warm = compare({who: partial(turn, source, folder) for who, turn in turns.items()}, rounds=rounds)
    print(f"\n{table(warm, against='cp')}\n")
    print(
        conditions(warm),
        _verdict("In a warm worker, times cp", warm.ratio("ours", "cp", "s"), at_most=MOST_TIMES_CP),
        sep="\n",
    )


def _made(folder: Path, name: str, shrink: int) -> Path:
    """Make a slide unless it is there from an earlier run."""
    path = folder / f"{name.replace(' ', '').replace(',', '')}-{shrink}.{name.split(' ', maxsplit=1)[0]}"
    if not path.exists():
        if name.startswith("svs 20"):
            aperio(path, 20_000 // shrink, 20_000 // shrink, 240)
        elif name.startswith("svs"):
            aperio(path, 40_000 // shrink, 30_000 // shrink, 256, subsampling=1)
        elif name.startswith("ndpi"):
            ndpi(path, 16_384 // shrink, 8_192 // shrink)
        else:
            mirax(path, photos=max(2, 40 // shrink // 2 * 2))
    return path


def _run(contestant: str, source: Path, folder: Path) -> Figures:
    target = folder / "out.tif"
    _remove(target)
    command = [str(_program(contestant)), str(SCRIPT), contestant, str(source), str(target)]
    environment = {"TURBOJPEG": str(TURBOJPEG), "PYTHONDONTWRITEBYTECODE": ""}
    if contestant == "cp":
        command = ["cp", str(source), str(target)]
    if contestant.startswith("ours") or contestant in (PANIMG_AND_OPENSLIDE, *VIPS_OPTIONS):
        environment |= {"LD_LIBRARY_PATH": str(LIBRARIES), "VIPSHOME": str(LIBRARIES.parent)}
    if contestant in VIPS_OPTIONS:
        command = [str(VIPS), "copy", str(source), f"{target}[{VIPS_OPTIONS[contestant]}]"]
    started = time.perf_counter()
    process = subprocess.Popen(
        command,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdout is not None
    said = process.stdout.read().split()  # its own peak: rusage counts what we were before exec, too
    _, status, used = os.wait4(process.pid, 0)
    wall_s = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{contestant} failed on {source.name}")
    return {
        "s": wall_s,
        "CPU s": used.ru_utime + used.ru_stime,
        "peak MB": int(said[-1]) / 1024 if said else math.nan,
        "out MB": _size_mb(target),
    }


def _copy(source: Path, folder: Path) -> Figures:
    target = folder / "out.tif"
    _remove(target)
    started, used = time.perf_counter(), time.process_time()
    shutil.copyfile(source, target)
    return {"s": time.perf_counter() - started, "CPU s": time.process_time() - used}


def _bare(source: Path, folder: Path) -> Figures:
    """Read, digest and write all bytes as ours does, and nothing else: no directories, no tiles, no look at them."""
    target = folder / "out.tif"
    _remove(target)
    keep_freed_memory()
    started, used = time.perf_counter(), time.process_time()
    with source.open("rb") as stored, target.open("wb") as product:

        def copied(at: int) -> bytes:
            body = os.pread(stored.fileno(), MIB, at)
            os.pwrite(product.fileno(), body, at)
            return body

        places = range(0, source.stat().st_size, MIB)
        carry_in_order(places, 2, show=lambda _: None, make=copied, take=hashlib.sha256().update)
    return {"s": time.perf_counter() - started, "CPU s": time.process_time() - used}


def _warm(source: Path, folder: Path) -> Figures:
    target = folder / "out.tif"
    _remove(target)
    started, used = time.perf_counter(), time.process_time()
    with LocalFiles(source) as files:
        convert_slide(files, target, name="slide", threads=2, on_progress=lambda _: None)
    return {"s": time.perf_counter() - started, "CPU s": time.process_time() - used}


def _verdicts(name: str, comparison: Comparison) -> list[str]:
    lines = []
    for ours, peer, figure, aim in AIMS[name.split(" ", maxsplit=1)[0]]:
        measured = {ours, peer} <= set(comparison.figures)
        times = comparison.ratio(peer, ours, figure) if measured else None
        lines.append(_verdict(f"{ours}: {figure} of {peer} over ours", times, at_least=aim))
    peak = max(comparison.median(ours, "peak MB") for ours in comparison.figures if ours.startswith("ours"))
    return [*lines, _verdict("Peak memory of ours in MB", peak, at_most=MOST_MB)]


def _verdict(
    what: str, value: float | None, *, at_least: float | None = None, at_most: float | None = None
) -> str:
    aim = f"aim at least {at_least:g}" if at_least is not None else f"aim at most {at_most:g}"
    if value is None:
        return f"{what}: not measured ({aim})."
    is_met = value >= at_least if at_least is not None else at_most is not None and value <= at_most
    return f"{what}: {value:.2f} ({aim}): {'met' if is_met else 'MISSED'}."


def _program(contestant: str) -> Path:
    """Return what has to be there for a contestant to take part."""
    if contestant in VIPS_OPTIONS or (contestant == PANIMG_AND_OPENSLIDE and not VIPS.exists()):
        return VIPS
    if contestant == "wsidicomizer" and not TURBOJPEG.exists():
        return TURBOJPEG
    environment = ENVIRONMENTS.get(contestant)
    return CACHE / environment / "bin" / "python" if environment else Path(sys.executable)


def _size_mb(path: Path) -> float:
    files = path.rglob("*") if path.is_dir() else (path,)
    return sum(file.stat().st_size for file in files if file.is_file()) / 1e6


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
