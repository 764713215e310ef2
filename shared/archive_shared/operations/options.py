"""What the commands of `archivectl` share: options, where the platform is, and errors as people want to read them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from archive_shared.errors import ArchiveSystemError
from archive_shared.messaging.connection import Connection, closing_down, connect
from archive_shared.settings import StoreAddresses

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
types = click.option(
    "--types", multiple=True, help="Type of events, or pattern such as archive.item.*.v1; may be repeated."
)
queue = click.option("--queue", help="Only what comes from this queue.")
limit = click.option("--limit", default=1000, show_default=True, help="Look at this many, the oldest.")

pass_addresses = click.make_pass_decorator(StoreAddresses)


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
