"""`tiler`: slides for people at a terminal, without any service."""

import json
import os
import signal
import sys
import tempfile
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Never, Self

import click
from tqdm import tqdm

from tiler import slides
from tiler.domain.problems import UnreadableImage
from tiler.domain.ranged_source import RangedSource
from tiler.domain.tile_index import TileIndex

_FILE = click.Path(exists=True, path_type=Path)
_HERE = "127.0.0.1"


def _one_file(_context: click.Context, _argument: click.Parameter, path: Path) -> Path:
    if path.is_dir():
        raise click.BadParameter(
            f"{path} is a folder; name a file of the slide, such as any of a DICOM series."
        )
    if not path.is_file():  # a pipe would be waited for
        raise click.BadParameter(
            f"{path} is a pipe or a device; a slide is read here and there, so it has to be a file."
        )
    return path


@click.group()
def main() -> None:
    """Convert whole-slide images into tiled pyramids, and look at them."""


@main.command("convert")
@click.argument("source", metavar="IN", type=_FILE, callback=_one_file)
@click.argument("target", metavar="OUT", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--threads", type=click.IntRange(1, 64), help="As many as there are processors by default.")
@click.option("--force", is_flag=True, help="Replace OUT if it is there.")
def convert_command(source: Path, target: Path, threads: int | None, *, force: bool) -> None:
    """Convert the slide IN into a tiled pyramidal BigTIFF with all levels.

    Companions (.mrxs, .vms, DICOM series) are found beside IN. Label and overview never get into OUT.
    """
    _require_room(source, target, force=force)
    with _errors_in_words(), _ended_in_order(), _unfinished(target) as unfinished:
        converted = _converted(source, unfinished, threads)
        unfinished.replace(target)
    click.echo(
        f"{target}: {converted.levels} levels, {converted.size_bytes / 1e6:.1f} MB, route {converted.route}"
    )
    if converted.damaged_tiles:
        click.echo(
            f"{converted.damaged_tiles} damaged tiles are white in the levels that were added.", err=True
        )


@main.command("info")
@click.argument("source", metavar="FILE", type=_FILE, callback=_one_file)
def info_command(source: Path) -> None:
    """Tell what is known of the slide FILE, and how it would be converted, as JSON."""
    with _errors_in_words():
        click.echo(json.dumps(slides.describe(source), indent=2))


@main.command("serve")
@click.argument("source", metavar="FILE", type=_FILE, callback=_one_file)
@click.option("--port", default=0, type=click.IntRange(0, 65535), help="Any free one by default.")
@click.option("--browser/--no-browser", default=True, help="Whether to open the page.")
def serve_command(source: Path, port: int, *, browser: bool) -> None:
    """Show the slide FILE in a page of this machine's browser until Ctrl-C.

    What cannot be shown as it is gets converted into a temporary file first.
    """
    with _errors_in_words(), _ended_in_order(), tempfile.TemporaryDirectory(prefix="tiler-") as folder:
        _serve(*_ready(source, Path(folder)), port=port, browser=browser)


def _ready(source: Path, folder: Path) -> tuple[RangedSource, TileIndex]:
    """Return a slide as it is, or converted into the folder."""
    ready = slides.servable(source)
    if ready is None:
        target = folder / "slide.tif"
        _converted(source, target, None)
        ready = slides.servable(target)
        assert ready is not None
    return ready


def _serve(source: RangedSource, index: TileIndex, *, port: int, browser: bool) -> None:
    from werkzeug.serving import make_server  # noqa: PLC0415 (converting needs no web server)

    from tiler.entrypoints.local_viewer import QuietRequests, create_viewer  # noqa: PLC0415 (likewise)

    server = make_server(
        _HERE, port, create_viewer(source, index), threaded=True, request_handler=QuietRequests
    )
    address = f"http://{_HERE}:{server.server_port}/"
    click.echo(f"Serving at {address} (Ctrl-C ends it)")
    sys.stdout.flush()
    if browser:
        webbrowser.open(address)
    with suppress(KeyboardInterrupt):
        server.serve_forever()


def _converted(source: Path, target: Path, threads: int | None) -> slides.ConvertedSlide:
    with _Bars() as bars:
        return slides.convert(source, target, threads=threads, on_progress=bars.show)


@contextmanager
def _unfinished(target: Path) -> Iterator[Path]:
    """Yield where to write what becomes the target, away from others who write the same; nothing is left there."""
    path = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


@contextmanager
def _ended_in_order() -> Iterator[None]:
    """Have what ends a program from outside, or closes its terminal, clean up like Ctrl-C; what `nohup` ignores stays ignored."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    heeded = [number for number, handler in before.items() if handler is signal.SIG_DFL]
    for number in heeded:
        signal.signal(number, _end)
    try:
        yield
    finally:
        for number in heeded:
            signal.signal(number, before[number])


def _end(number: int, _: object) -> Never:
    raise SystemExit(128 + number)


def _require_room(source: Path, target: Path, *, force: bool) -> None:
    """Say before any work is done that the result could not be put where it is wanted."""
    if not target.parent.is_dir():
        raise click.ClickException(f"There is no folder {target.parent}.")
    if target.exists():
        if target.samefile(source):
            raise click.ClickException("OUT is IN, which would be lost.")
        if not target.is_file():  # a device, which would be no more
            raise click.ClickException(f"{target} is no file that could be replaced.")
        if not force:
            raise click.ClickException(f"{target} is there already; --force replaces it.")


@contextmanager
def _errors_in_words() -> Iterator[None]:
    """Tell of refusals, and of what the machine has to say, such as that the disk is full, without a traceback."""
    try:
        yield
    except UnreadableImage as refused:
        raise click.ClickException(refused.reason) from refused
    except OSError as failed:
        where = f"{failed.filename}: " if failed.filename else ""
        raise click.ClickException(f"{where}{failed.strerror or failed}.") from failed


class _Bars:
    """A progress bar for each stage of a conversion."""

    def __init__(self) -> None:
        self._stage = ""
        self._bar: tqdm[Never] | None = None

    def show(self, stage: str, thousandths: int) -> None:
        if stage != self._stage:
            self._close()
            self._stage = stage
            self._bar = tqdm(
                total=1000, desc=stage, unit="‰", bar_format="{l_bar}{bar}| {elapsed}<{remaining}"
            )
        if self._bar is not None:
            self._bar.update(thousandths - self._bar.n)

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()


if __name__ == "__main__":
    main()
