"""`archive-permissions`: what an operator does with users before anybody can sign in."""

import click

from permissions.bootstrap import bootstrap
from permissions.settings import read_settings
from permissions.use_cases import manage_tokens


@click.group()
def main() -> None:
    """Users and tokens, from the command line."""


@main.command()
@click.option("--username", default="admin", show_default=True)
def create_administrator(username: str) -> None:
    """Create the first administrator and print a token, once; silent when there is one."""
    issued = manage_tokens.create_first_administrator(bootstrap(read_settings()).directory, username=username)
    if issued is not None:
        click.echo(issued.secret)


@main.command()
@click.argument("username")
@click.option("--name", default="command line", show_default=True)
def issue_token(username: str, name: str) -> None:
    """Print a new token of a user, for those who lost theirs."""
    directory = bootstrap(read_settings()).directory
    found = directory.users.find({"username": username}, limit=1)
    if not found:
        raise click.ClickException(f"There is no user named {username}.")
    click.echo(manage_tokens.issue(directory, found[0], name=name).secret)


if __name__ == "__main__":
    main()
