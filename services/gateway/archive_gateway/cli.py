"""`archive-platform`: runs the whole platform on this machine."""

from pathlib import Path
from typing import Any

import click

from archive_gateway.run import CannotRun, run_platform
from archive_gateway.settings import RunSettings, inherited_environment


@click.group()
def main() -> None:
    """A medical-image archive platform."""


@main.command()
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    default=RunSettings.data,
    show_default=True,
    help="Folder that keeps everything.",
)
@click.option("--host", default=RunSettings.host, show_default=True, help="Interface to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=RunSettings.port,
    show_default=True,
    help="Port to listen on; 0 takes any free one.",
)
@click.option("--tls", is_flag=True, help="Serve https with a self-made certificate for localhost.")
@click.option(
    "--ingest-workers",
    type=click.IntRange(1, 64),
    default=RunSettings.ingest_workers,
    show_default=True,
    help="Processes that import files.",
)
@click.option(
    "--tiler-workers",
    type=click.IntRange(1, 64),
    default=RunSettings.tiler_workers,
    show_default=True,
    help="Processes that make previews and tiles.",
)
def run(**choices: Any) -> None:
    """Start every part, keep them running, and stop them on Ctrl-C.

    Stores named in the environment (ARCHIVE_DOCUMENTS_URL, ARCHIVE_BUS_URL, ARCHIVE_BLOBS_URL) are used; the
    others are kept in the data folder.
    """
    try:
        run_platform(RunSettings(**choices), inherited_environment())
    except CannotRun as error:
        raise click.ClickException(str(error)) from error
