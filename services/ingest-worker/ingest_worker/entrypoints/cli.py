"""`ingest-worker`: the conversion for people at a terminal, without any service."""

import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from tqdm import tqdm

from archive_shared.errors import ArchiveSystemError
from ingest_worker.conversion import convert
from ingest_worker.domain.deidentification import Deidentification
from ingest_worker.domain.files import SourceFile
from ingest_worker.domain.images import ConvertedImage, metadata_document
from ingest_worker.domain.report import ConversionProgress, ConversionReport, Rejection

NOTHING_IMPORTED = 2
USAGE_ERROR = 64  # EX_USAGE of sysexits.h
SHORTEST_KEY_BYTES = 16
LINK = "This is a link, and links in folders are not followed."


class _Program(click.Group):
    """Commands whose usage errors end with a code of their own; click's is what says here that nothing was imported."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        with _as_usage_error():
            return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        with _as_usage_error():
            return super().invoke(ctx)


@contextmanager
def _as_usage_error() -> Iterator[None]:
    try:
        yield
    except click.UsageError as error:
        error.exit_code = USAGE_ERROR  # type: ignore[misc]  # declared of the class, read from the error
        raise


@click.group(cls=_Program)
def main() -> None:
    """Turn medical images into canonical ones."""


@main.command("convert")
@click.argument("inputs", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option(
    "--output", required=True, type=click.Path(file_okay=False, path_type=Path), help="Folder for the images."
)
@click.option(
    "--report", "report_file", type=click.Path(dir_okay=False, path_type=Path), help="JSON report to write."
)
@click.option(
    "--jobs", default=1, show_default=True, type=click.IntRange(1, 64), help="Images converted at a time."
)
@click.option(
    "--deidentify",
    "key_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Keep nothing that tells whose an image is; the content of this file is the key to its new identifiers.",
)
def convert_command(
    inputs: tuple[Path, ...], output: Path, report_file: Path | None, jobs: int, key_file: Path | None
) -> None:
    """Convert files and folders INPUTS into compressed MetaImages and tiled pyramidal TIFFs.

    Exits with 0 when anything was imported, with 2 when nothing was, with 64 when it was not told well what to do, and
    with 1 when something else stopped it, such as a full disk.
    """
    identity = _identity(key_file)
    sources, links = _found(inputs)
    try:
        if report_file is not None:  # if that cannot be, nobody wants to learn it in the end
            report_file.absolute().parent.mkdir(parents=True, exist_ok=True)
        with _Bar() as bar:
            report = _converted(sources, output, jobs, bar, identity)
    except (ArchiveSystemError, OSError) as error:
        raise click.ClickException(str(error)) from error
    document = report_document(report, links)
    if report_file is not None:
        report_file.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    _tell(document)
    sys.exit(0 if report.images else NOTHING_IMPORTED)


def _identity(key_file: Path | None) -> Deidentification | None:
    """Return how identity is taken away; with a key that can be guessed, so can identifiers be."""
    if key_file is None:
        return None
    key = key_file.read_bytes().strip()
    if len(key) < SHORTEST_KEY_BYTES:
        raise click.BadParameter(
            f"the key must have at least {SHORTEST_KEY_BYTES} bytes.", param_hint="--deidentify"
        )
    return Deidentification(key)


def _converted(
    sources: list[SourceFile], output: Path, jobs: int, bar: "_Bar", identity: Deidentification | None
) -> ConversionReport:
    if not sources:
        return ConversionReport((), ())
    return convert(sources, output, jobs=jobs, on_progress=bar.show, deidentification=identity)


def _found(inputs: tuple[Path, ...]) -> tuple[list[SourceFile], list[Rejection]]:
    """Return the files to convert under names that differ, and the links in folders, which are left out."""
    paths = {path: given for given in map(_absolute, inputs) for path in _files_of(given)}
    names = _names(paths)
    links = [path for path, given in paths.items() if path != given and path.is_symlink()]
    return (
        [SourceFile(name, path) for path, name in names.items() if path not in links],
        [Rejection(names[path], (LINK,)) for path in links],
    )


def _names(paths: dict[Path, Path]) -> dict[Path, str]:
    """Name files by as few parts of what was given as tell all of them apart; a header finds its pixels by its folder."""
    count = 1
    while True:
        names = {path: _name(path, given, count) for path, given in paths.items()}
        if len(set(names.values())) == len(names):
            return names
        count += 1


def _absolute(given: Path) -> Path:
    """Return the whole path: what ".." leaves of it, without following links."""
    return Path(os.path.abspath(given))  # noqa: PTH100  # resolve() follows links


def _files_of(given: Path) -> Iterator[Path]:
    return _walk(given) if given.is_dir() else iter([given])


def _name(path: Path, given: Path, count: int) -> str:
    """Return what a file is called: the last parts of what was given, so many, and where it lies in there.

    Names on old disks are not always UTF-8, but the report is.
    """
    name = Path(*given.parts[-count:], path.relative_to(given)).as_posix()
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _walk(folder: Path) -> Iterator[Path]:
    for place, folders, files in os.walk(folder):
        yield from (Path(place, name) for name in files)
        yield from (path for path in (Path(place, name) for name in folders) if path.is_symlink())


class _Bar:
    """The conversion's progress in bytes, with files and what is being done beside it."""

    def __init__(self) -> None:
        self._bar = tqdm(unit="B", unit_scale=True, desc="starting", disable=None)

    def __enter__(self) -> "_Bar":
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def show(self, progress: ConversionProgress) -> None:
        self._bar.total = progress.bytes_total or None
        self._bar.set_description_str(progress.phase, refresh=False)
        self._bar.set_postfix_str(f"{progress.files_done}/{progress.files_total} files", refresh=False)
        self._bar.update(progress.bytes_done - self._bar.n)


def report_document(report: ConversionReport, links: list[Rejection]) -> dict[str, Any]:
    """Return the report file's content."""
    rejected = [*report.rejected, *links]
    return {
        "images": [_image_document(image) for image in report.images],
        "rejected": [{"file": each.file, "reasons": list(each.reasons)} for each in rejected],
    }


def _image_document(image: ConvertedImage) -> dict[str, Any]:
    return {
        "name": image.name,
        "file": image.file,
        "type": image.type.value,
        "sources": [source.name for source in image.sources],
        "source_sha256": [source.sha256 for source in image.sources],
        "size_bytes": image.size_bytes,
        "sample_type": image.sample_type,
        "pixels_sha256": image.pixels_sha256,
        "notes": list(image.notes),
        "removed": list(image.removed),
        **metadata_document(image.metadata),
    }


def _tell(document: dict[str, Any]) -> None:
    for image in document["images"]:
        click.echo(f"{image['file']}  {image['name']}")
    for rejection in document["rejected"]:
        click.echo(f"refused  {rejection['file']}: {' '.join(rejection['reasons'])}", err=True)
    images, refused = _counted(document["images"], "image"), _counted(document["rejected"], "file")
    click.echo(f"{images}, {refused} refused", err=True)


def _counted(things: Sequence[Any], one: str) -> str:
    return f"{len(things)} {one}{'' if len(things) == 1 else 's'}"
