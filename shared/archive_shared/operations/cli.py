"""`archivectl`: queues, outboxes, dead letters and events, from the command line.

It works beside the running platform, in any of its containers or on one machine, and shows nothing that may name
patients unless it is asked to.
"""

from dataclasses import asdict
from pathlib import Path

import click

from archive_shared.clock import SystemClock
from archive_shared.observability import configure_logging
from archive_shared.operations import options
from archive_shared.operations.cli_dead_letters import dead_letters
from archive_shared.operations.cli_events import events
from archive_shared.operations.cli_sweep import sweep
from archive_shared.operations.outbox import report_outboxes
from archive_shared.operations.presenting import show
from archive_shared.operations.queues import report_queues
from archive_shared.settings import StoreAddresses


@click.group(cls=options.Commands)
@options.in_folder
@click.pass_context
def main(context: click.Context, data: Path | None) -> None:
    """Look after the messages of an archive platform."""
    configure_logging("archivectl", level="ERROR", json=False)
    context.obj = data


@main.command()
@click.argument("names", nargs=-1)
@options.as_json
@options.pass_addresses
def queues(addresses: StoreAddresses, *, names: tuple[str, ...], as_json: bool) -> None:
    """Show how full queues are, who listens, and how old the oldest message is.

    NAMES are queues of others beside the platform's own, such as my-service.events.
    """
    reports = report_queues(addresses, names, clock=SystemClock())
    show([asdict(report) for report in reports], as_json=as_json, nothing="There are no queues.")


@main.command()
@options.as_json
@options.pass_addresses
def outbox(addresses: StoreAddresses, *, as_json: bool) -> None:
    """Show what waits to be published: per service and collection, how many events, how old, and how many are stuck."""
    reports = report_outboxes(addresses.documents_url, addresses.bus_url, clock=SystemClock())
    show([asdict(report) for report in reports], as_json=as_json, nothing="No service has an outbox yet.")


main.add_command(events)
main.add_command(dead_letters)
main.add_command(sweep)

if __name__ == "__main__":
    main()
