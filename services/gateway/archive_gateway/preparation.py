"""What is done once before the parts start: buckets on a given S3 server, the first administrator."""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from archive_gateway.parts import CREATE_ADMINISTRATOR, PREPARE_BLOBS
from archive_shared.settings import PREFIX

USERNAME = "admin"
TIMEOUT_S = 60


class PreparationFailed(Exception):
    """A store does not answer or a setting is wrong; the message is what the command said."""


def prepare_blobs(environment: Mapping[str, str]) -> None:
    """Make the buckets on an S3 server; folders make themselves.

    Raises
    ------
    PreparationFailed
        It does not answer, or does not let us.
    """
    if not environment[PREFIX + "BLOBS_URL"].startswith("file:"):
        _output_of(PREPARE_BLOBS, environment)


@dataclass(frozen=True)
class FirstAdministrator:
    """What the first administrator signs in with; shown once."""

    token: str
    password: str


def create_first_administrator(environment: Mapping[str, str]) -> FirstAdministrator | None:
    """Return the secrets of the first administrator, or None when the installation has one already.

    Raises
    ------
    PreparationFailed
        The document store does not answer.
    """
    printed = _output_of([*CREATE_ADMINISTRATOR, "--username", USERNAME], environment)
    return FirstAdministrator(*printed.split()) if printed else None


def _output_of(module: Sequence[str], environment: Mapping[str, str]) -> str:
    command = [sys.executable, "-P", "-m", *module]
    try:
        done = subprocess.run(  # noqa: S603 (the commands are written in `parts`)
            command,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=True,
        )
    except subprocess.TimeoutExpired as error:
        raise PreparationFailed(f"{' '.join(module)} did not end within {TIMEOUT_S} s") from error
    except subprocess.CalledProcessError as error:
        last_words = error.stderr.strip().splitlines()[-1:] or ["it said nothing"]
        raise PreparationFailed(f"{' '.join(module)} failed: {last_words[0]}") from error
    return done.stdout.strip()
