"""`archivectl sweep`: removes what nothing refers to now, instead of when the services do it by themselves."""

import secrets
from collections.abc import Iterator
from dataclasses import asdict
from importlib.metadata import entry_points
from typing import Any

import click

from archive_shared.operations import options
from archive_shared.operations.presenting import show
from archive_shared.settings import Grace, PlatformSettings, StoreAddresses, read_grace
from archive_shared.sweeping import GROUP


@click.command()
@click.option("--dry-run", is_flag=True, help="Only print what would be removed, and what waits to be.")
@options.as_json
@options.pass_addresses
def sweep(addresses: StoreAddresses, *, dry_run: bool, as_json: bool) -> None:
    """Remove what nothing refers to any more, of all services that are installed here.

    What was found unused for the first time only waits: run it again in an hour, or leave it to the services.
    """
    found = list(_leftovers(settings_of(addresses), read_grace(), dry_run=dry_run))
    show(found, as_json=as_json, nothing="Everything is in use.")


def settings_of(addresses: StoreAddresses) -> PlatformSettings:
    """Return settings that are enough to reach the stores; nothing is ever signed with their secret."""
    return PlatformSettings(public_url="", secret=secrets.token_bytes(32), **vars(addresses))


def _leftovers(settings: PlatformSettings, grace: Grace, *, dry_run: bool) -> Iterator[dict[str, Any]]:
    for service in sorted(entry_points(group=GROUP), key=lambda each: each.name):
        with service.load()(settings, grace) as sweep:
            for leftover in sweep(dry_run):
                yield {"service": service.name, **asdict(leftover), "stage": leftover.stage.value}
