"""The first administrator of an installation, created by permissions before anything else starts."""

import subprocess
import sys
from collections.abc import Mapping

from archive_gateway.parts import CREATE_ADMINISTRATOR

USERNAME = "admin"
TIMEOUT_S = 60


class NoAdministrator(Exception):
    """Permissions could not create one; the message is what it said."""


def create_first_administrator(environment: Mapping[str, str]) -> str | None:
    """Return the token of the first administrator, or None when the installation has one already.

    Raises
    ------
    NoAdministrator
        The document store does not answer, or the settings are wrong.
    """
    done = subprocess.run(  # noqa: S603 (the command is written in `parts`)
        [sys.executable, "-P", "-m", *CREATE_ADMINISTRATOR, "--username", USERNAME],
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    if done.returncode != 0:
        raise NoAdministrator(done.stderr.strip() or f"exit code {done.returncode}")
    return done.stdout.strip() or None
