"""What the commands of `archivectl` share: options, where the platform is, and errors as people want to read them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any

import click

from archive_shared.errors import ArchiveSystemError
from archive_shared.messaging.connection import Connection, closing_down, connect
from archive_shared.operations.places import choose_addresses
from archive_shared.settings import StoreAddresses, read_store_addresses

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
types = click.option(
    "--types", multiple=True, help="Type of events, or pattern such as archive.item.*.v1; may be repeated."
)
queue = click.option("--queue", help="Only what comes from this queue.")
limit = click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=1000,
    show_default=True,
    help="Look at this many, the oldest.",
)
in_folder = click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of a platform on one machine; else ARCHIVE_BUS_URL and ARCHIVE_DOCUMENTS_URL count, else ./data.",
)


def pass_addresses(command: Callable[..., None]) -> Callable[..., None]:
    """Let a command know where the platform keeps things; its folder may be named before the command or behind it.

    It is looked for when the command runs, so that help is given where there is no platform.
    """

    @wraps(command)
    def located(*arguments: Any, data: Path | None, **options: Any) -> None:
        folder = data or click.get_current_context().find_object(Path)
        command(choose_addresses(folder, read_store_addresses()), *arguments, **options)

    return in_folder(located)


class Commands(click.Group):
    """Tells what went wrong in one line, without a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except ArchiveSystemError as error:
            raise click.ClickException(str(error)) from error


@contextmanager
def connected(addresses: StoreAddresses) -> Iterator[Connection]:
    """Open a connection to the bus for the length of a `with` block."""
    with closing_down(connect(addresses.bus_url)) as connection:
        yield connection
