"""Where the platform's folder may be named, and what needs none."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from archive_shared.operations import cli


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli.main, arguments)


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no platform here, and the environment names none."""
    monkeypatch.chdir(tmp_path)
    for name in ("ARCHIVE_BUS_URL", "ARCHIVE_DOCUMENTS_URL", "ARCHIVE_BLOBS_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(cli, "configure_logging", lambda *_, **__: None)


@pytest.mark.parametrize("command", ["queues", "outbox", "dead-letters retry", "events replay", "sweep"])
def test_help_needs_no_platform(command: str) -> None:
    done = run(*command.split(), "--help")

    assert done.exit_code == 0, done.output
    assert f"main {command}" in done.output


@pytest.mark.parametrize("behind", [True, False])
def test_the_folder_is_named_before_the_command_or_behind_it(tmp_path: Path, *, behind: bool) -> None:
    folder = ("--data", str(tmp_path / "mine"))

    done = run("queues", *folder) if behind else run(*folder, "queues")

    assert f"There is no {tmp_path / 'mine' / 'bus.db'}" in done.stderr


def test_without_a_folder_it_is_the_one_here(tmp_path: Path) -> None:
    assert f"There is no {tmp_path / 'data' / 'bus.db'}" in run("queues").stderr


@pytest.mark.parametrize("limit", ["0", "-1", "many"])
def test_a_limit_that_shows_nothing_is_refused(limit: str) -> None:
    done = run("dead-letters", "list", "--limit", limit)

    assert done.exit_code == 2
    assert "--limit" in done.stderr
