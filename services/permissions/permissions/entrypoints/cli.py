"""`archive-permissions`: what an operator does with users before anybody can sign in."""

import secrets
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click

from archive_shared.operations.cli_sweep import settings_of
from archive_shared.operations.options import Commands, in_folder
from archive_shared.operations.places import choose_addresses
from archive_shared.settings import read_store_addresses
from permissions.bootstrap import bootstrap
from permissions.domain.user import User
from permissions.settings import Settings
from permissions.use_cases import manage_tokens
from permissions.use_cases.directory import Directory
from permissions.use_cases.sign_in import set_password

_PASSWORD_BYTES = 12


def _with_directory(command: Callable[..., None]) -> Callable[..., None]:
    """Let a command look into what permissions keeps: where the environment says, else in a platform's folder on this machine."""

    @wraps(command)
    def run(*, data: Path | None, **options: Any) -> None:
        named = read_store_addresses()
        is_named = data is None and named.documents_url
        addresses = named if is_named else choose_addresses(data, named)
        command(bootstrap(Settings(settings_of(addresses))).directory, **options)

    return in_folder(run)


@click.group(cls=Commands)
def main() -> None:
    """Users and tokens, from the command line."""


@main.command()
@click.option("--username", default="admin", show_default=True)
@_with_directory
def create_administrator(directory: Directory, *, username: str) -> None:
    """Create the first administrator and print a token and a password, once; nothing when there is one."""
    issued = manage_tokens.create_first_administrator(directory, username=username)
    if issued is None:
        click.echo("There is an administrator already.", err=True)
        return
    password = secrets.token_urlsafe(_PASSWORD_BYTES)
    set_password(directory, directory.users.require(issued.token.user), password)
    click.echo(
        f"The first administrator is {username}. Token, then password; they are shown only now:", err=True
    )
    click.echo(issued.secret)
    click.echo(password)


@main.command()
@click.argument("username")
@click.option("--name", default="command line", show_default=True)
@_with_directory
def issue_token(directory: Directory, *, username: str, name: str) -> None:
    """Print a new token of a user, for those who lost theirs."""
    click.echo(manage_tokens.issue(directory, _user(directory, username), name=name).secret)


@main.command("set-password")
@click.argument("username")
@click.password_option()
@_with_directory
def choose_password(directory: Directory, *, username: str, password: str) -> None:
    """Give a user a password for the page."""
    set_password(directory, _user(directory, username), password)


def _user(directory: Directory, username: str) -> User:
    found = directory.users.find({"username": username}, limit=1)
    if not found:
        raise click.ClickException(f"There is no user named {username}.")
    return found[0]


if __name__ == "__main__":
    main()
