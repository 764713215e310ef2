"""`archivectl events`: watching what is said, and having some of it heard again."""

from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import click

from archive_shared.messaging.event_log import LoggedEvent, Start, open_log
from archive_shared.operations import options
from archive_shared.operations.presenting import show_line, show_one
from archive_shared.operations.replaying import of_types, send_again, types_of_queue
from archive_shared.operations.since import Since
from archive_shared.settings import StoreAddresses

SINCE = "first, an offset, an instant with its time zone, or a time ago: 90min, 2h, 3d."


@click.group()
def events() -> None:
    """The log of all events."""


@events.command()
@click.option("--since", type=Since(), help=f"Begin with the past: {SINCE}")
@click.option("--no-follow", is_flag=True, help="End when the present is reached (with --since).")
@click.option("--body", is_flag=True, help="Print what events say, too; it may name patients.")
@options.types
@options.as_json
@options.pass_addresses
def tail(
    addresses: StoreAddresses,
    *,
    since: Start | None,
    no_follow: bool,
    body: bool,
    types: tuple[str, ...],
    as_json: bool,
) -> None:
    """Print events as they are said, until Ctrl-C; takes them from nobody."""
    if no_follow and since is None:
        raise click.UsageError("--no-follow needs --since")
    log = open_log(addresses.bus_url)
    found = log.read(since) if no_follow and since is not None else log.follow(since)
    with suppress(KeyboardInterrupt):
        _print(of_types(found, types), body=body, as_json=as_json)


@events.command()
@click.option("--to", "queue", required=True, help="Queue to put them into, such as archive-api.events.")
@click.option("--since", type=Since(), required=True, help=SINCE)
@click.option("--dry-run", is_flag=True, help="Only print what would be sent.")
@options.types
@options.as_json
@options.pass_addresses
def replay(
    addresses: StoreAddresses,
    *,
    queue: str,
    since: Start,
    dry_run: bool,
    types: tuple[str, ...],
    as_json: bool,
) -> None:
    """Put events of the past into one queue again, those its service listens to unless --types says which.

    Nobody else hears them. Consumers know that events come twice, so to send too many does no harm.
    """
    wanted = types or tuple(types_of_queue(queue))
    if not wanted:
        raise click.UsageError(f"{queue} belongs to no service of the platform: say which --types it wants")
    log = open_log(addresses.bus_url)
    if dry_run:
        _print(of_types(log.read(since), wanted), body=False, as_json=as_json)
        return
    with options.connected(addresses) as connection:
        count = sum(1 for _ in send_again(connection, log, queue, start=since, patterns=wanted))
    show_one({"queue": queue, "events": count}, as_json=as_json)


def _print(found: Iterable[LoggedEvent], *, body: bool, as_json: bool) -> None:
    for event in found:
        show_line(_shown(event, body=body), as_json=as_json)


def _shown(event: LoggedEvent, *, body: bool) -> dict[str, Any]:
    attributes = {
        name: str(event.headers.get(f"ce-{name}", "")) for name in ("type", "source", "subject", "id")
    }
    shown = {"offset": event.offset, "at": event.at, **attributes}
    return shown | {"body": event.body.decode(errors="replace")} if body else shown
