"""What is done once before the parts start: buckets on a given S3 server, the first administrator."""

import os
import signal
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from tempfile import TemporaryFile

from archive_gateway.forking import Forked
from archive_gateway.parts import CREATE_ADMINISTRATOR, PREPARE_BLOBS
from archive_shared.settings import PREFIX

USERNAME = "admin"
TIMEOUT_S = 60
LOOK_EVERY_S = 0.02


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
    """Run a module to its end and return the few words it says, which may be secret and so stand in no file."""
    reading, writing = os.pipe()
    with os.fdopen(reading) as said, os.fdopen(writing, "w") as saying, TemporaryFile("w+") as complained:
        fork = Forked(
            f"archive-platform: {module[0]}", module, environment, saying.fileno(), complained.fileno()
        )
        code = _code_of(fork.start())
        saying.close()
        if code is None:
            raise PreparationFailed(f"{' '.join(module)} did not end within {TIMEOUT_S} s")
        if code:
            complained.seek(0)
            last_words = complained.read().strip().splitlines()[-1:] or ["it said nothing"]
            raise PreparationFailed(f"{' '.join(module)} failed: {last_words[0]}")
        return said.read().strip()


def _code_of(pid: int) -> int | None:
    """Return how a fork ended, None for one that took too long, which is killed."""
    until = time.monotonic() + TIMEOUT_S
    while time.monotonic() < until:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(LOOK_EVERY_S)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return None
