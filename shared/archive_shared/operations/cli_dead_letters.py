"""`archivectl dead-letters`: what could not be handled, looked at, retried and dropped."""

from collections.abc import Callable, Sequence

import click

from archive_shared.messaging.connection import Connection
from archive_shared.messaging.dead_letters import drop as drop_letters
from archive_shared.messaging.dead_letters import list_dead_letters
from archive_shared.messaging.dead_letters import retry as retry_letters
from archive_shared.operations import options
from archive_shared.operations.letters import choose, find_letter, particulars, summary
from archive_shared.operations.presenting import show, show_one
from archive_shared.settings import StoreAddresses

every = click.option("--all", "every", is_flag=True, help="All there are (of --queue, if given).")


@click.group()
def dead_letters() -> None:
    """Messages that nobody could handle, with the reason."""


@dead_letters.command("list")
@options.queue
@options.limit
@options.as_json
@options.pass_addresses
def list_them(addresses: StoreAddresses, *, queue: str | None, limit: int, as_json: bool) -> None:
    """Show the oldest dead letters, with the kind of the reason."""
    with options.connected(addresses) as connection:
        letters = choose(list_dead_letters(connection, limit=limit), (), queue=queue)
    show([summary(letter) for letter in letters], as_json=as_json, nothing="There are no dead letters.")


@dead_letters.command("show")
@click.argument("identifier", metavar="ID")
@click.option(
    "--body", is_flag=True, help="Print its body and the whole reason, too; they may name patients."
)
@options.limit
@options.as_json
@options.pass_addresses
def show_it(addresses: StoreAddresses, *, identifier: str, body: bool, limit: int, as_json: bool) -> None:
    """Show one dead letter."""
    with options.connected(addresses) as connection:
        letter = find_letter(connection, identifier, limit=limit)
    show_one(particulars(letter, body=body), as_json=as_json)


@dead_letters.command()
@click.argument("ids", metavar="[ID]...", nargs=-1)
@every
@options.queue
@options.limit
@options.as_json
@options.pass_addresses
def retry(
    addresses: StoreAddresses,
    *,
    ids: tuple[str, ...],
    every: bool,
    queue: str | None,
    limit: int,
    as_json: bool,
) -> None:
    """Put dead letters back into the queue they came from, and only there.

    A letter is removed once the queue has it, so whatever happens meanwhile, it is in one of the two, or in both.
    """
    count = _settle(addresses, retry_letters, ids, every=every, queue=queue, limit=limit)
    show_one({"retried": count}, as_json=as_json)


@dead_letters.command()
@click.argument("ids", metavar="[ID]...", nargs=-1)
@every
@options.queue
@options.limit
@click.option("--yes", is_flag=True, help="Do not ask.")
@options.as_json
@options.pass_addresses
def drop(
    addresses: StoreAddresses,
    *,
    ids: tuple[str, ...],
    every: bool,
    queue: str | None,
    limit: int,
    yes: bool,
    as_json: bool,
) -> None:
    """Forget dead letters for good."""
    if not yes:
        click.confirm("What is dropped is lost. Drop?", abort=True, err=True)
    count = _settle(addresses, drop_letters, ids, every=every, queue=queue, limit=limit)
    show_one({"dropped": count}, as_json=as_json)


def _settle(
    addresses: StoreAddresses,
    settle: Callable[..., int],
    ids: Sequence[str],
    *,
    every: bool,
    queue: str | None,
    limit: int,
) -> int:
    """Do something to the letters that are meant; return to how many."""
    if bool(ids) == every:
        raise click.UsageError("name dead letters, or say --all")
    with options.connected(addresses) as connection:
        return settle(connection, _meant(connection, ids, queue, limit), limit=limit)


def _meant(connection: Connection, ids: Sequence[str], queue: str | None, limit: int) -> list[str]:
    return [letter.id for letter in choose(list_dead_letters(connection, limit=limit), ids, queue=queue)]
