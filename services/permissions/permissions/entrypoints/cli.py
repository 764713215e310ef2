"""`archive-permissions`: what an operator does with users before anybody can sign in."""

import secrets

import click

from permissions.bootstrap import bootstrap
from permissions.domain.user import User
from permissions.settings import read_settings
from permissions.use_cases import manage_tokens
from permissions.use_cases.directory import Directory
from permissions.use_cases.sign_in import set_password

_PASSWORD_BYTES = 12


@click.group()
def main() -> None:
    """Users and tokens, from the command line."""


@main.command()
@click.option("--username", default="admin", show_default=True)
def create_administrator(username: str) -> None:
    """Create the first administrator and print a token and a password, once; silent when there is one."""
    directory = bootstrap(read_settings()).directory
    issued = manage_tokens.create_first_administrator(directory, username=username)
    if issued is not None:
        password = secrets.token_urlsafe(_PASSWORD_BYTES)
        set_password(directory, directory.users.require(issued.token.user), password)
        click.echo(issued.secret)
        click.echo(password)


@main.command()
@click.argument("username")
@click.option("--name", default="command line", show_default=True)
def issue_token(username: str, name: str) -> None:
    """Print a new token of a user, for those who lost theirs."""
    directory = bootstrap(read_settings()).directory
    click.echo(manage_tokens.issue(directory, _user(directory, username), name=name).secret)


@main.command("set-password")
@click.argument("username")
@click.password_option()
def choose_password(username: str, password: str) -> None:
    """Give a user a password for the page."""
    directory = bootstrap(read_settings()).directory
    set_password(directory, _user(directory, username), password)


def _user(directory: Directory, username: str) -> User:
    found = directory.users.find({"username": username}, limit=1)
    if not found:
        raise click.ClickException(f"There is no user named {username}.")
    return found[0]


if __name__ == "__main__":
    main()
