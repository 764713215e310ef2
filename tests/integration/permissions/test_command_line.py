"""`archive-permissions` beside a platform on this machine, and where the environment says what it looks into."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from archive_shared.messaging.connection import closing_down, connect
from permissions.entrypoints.cli import main


def run(*arguments: str, **environment: str) -> Result:
    return CliRunner(env=environment).invoke(main, arguments)


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The folder of a platform, as the supervisor lays it out."""
    for name in ("ARCHIVE_BUS_URL", "ARCHIVE_DOCUMENTS_URL", "ARCHIVE_BLOBS_URL"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "documents").mkdir()
    with closing_down(connect(f"sqlite:///{tmp_path / 'bus.db'}")) as connection:
        connection.connect()
    return str(tmp_path)


def test_the_first_administrator_is_made_once(data: str) -> None:
    first = run("create-administrator", "--data", data)
    second = run("create-administrator", "--data", data)

    token, password = first.stdout.splitlines()
    assert token.startswith("map_")
    assert password
    assert "Token, then password" in first.stderr
    assert (second.exit_code, second.stdout) == (0, "")
    assert "There is an administrator already." in second.stderr


def test_who_lost_their_secrets_gets_new_ones(data: str) -> None:
    run("create-administrator", "--data", data)

    token = run("issue-token", "admin", "--data", data)
    password = run("set-password", "admin", "--password", "correct horse battery", "--data", data)

    assert token.stdout.startswith("map_")
    assert (password.exit_code, password.output) == (0, "")


def test_the_environment_is_enough(tmp_path: Path, data: str) -> None:
    documents = f"sqlite:///{tmp_path / 'documents'}"

    assert run("create-administrator", ARCHIVE_DOCUMENTS_URL=documents).exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("set-password", "admin", "--password", "short"), "password: Use 12 to 256 characters."),
        (("set-password", "nobody", "--password", "correct horse battery"), "There is no user named nobody."),
        (("issue-token", "nobody"), "There is no user named nobody."),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(data: str, arguments: tuple[str, ...], complaint: str) -> None:
    run("create-administrator", "--data", data)

    done = run(*arguments, "--data", data)

    assert done.exit_code == 1
    assert done.stderr.splitlines()[-1] == f"Error: {complaint}"


def test_where_there_is_no_platform_it_says_where_it_looked(tmp_path: Path, data: str) -> None:
    done = run("issue-token", "admin", "--data", str(tmp_path / "elsewhere"))

    assert f"There is no {tmp_path / 'elsewhere' / 'bus.db'}" in done.stderr
