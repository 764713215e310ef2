"""Settings of a platform on one machine: what the person says, what the environment says, and the rest embedded.

Every part gets its settings through its environment, on one machine as in a container. Stores that the
environment names (ARCHIVE_DOCUMENTS_URL, ARCHIVE_BUS_URL, ARCHIVE_BLOBS_URL) are used instead of embedded ones.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from archive_gateway.data_folder import DataFolder
from archive_shared.settings import PREFIX


@dataclass(frozen=True)
class RunSettings:
    """What the person at the keyboard chooses.

    Parameters
    ----------
    host
        Address of the interface to listen on.
    port
        To listen on; 0 takes any free one.
    tls
        Whether to serve https with a self-made certificate.
    """

    data: Path = Path("data")
    host: str = "127.0.0.1"
    port: int = 8080
    tls: bool = False
    ingest_workers: int = 1
    tiler_workers: int = 1


def inherited_environment() -> dict[str, str]:
    """Return the environment this process was started with."""
    return dict(os.environ)


def part_environment(given: Mapping[str, str], folder: DataFolder, *, address: str) -> dict[str, str]:
    """Return the environment of every part.

    Parameters
    ----------
    given
        The environment of the supervisor; what it says wins.
    address
        Scheme, host and port the gateway is reached under on this machine.
    """
    embedded = {
        "PUBLIC_URL": address,
        "DOCUMENTS_URL": f"sqlite:///{folder.documents}",
        "BUS_URL": f"sqlite:///{folder.bus}",
        "BLOBS_URL": folder.blobs.as_uri(),
        "IMPORT_SCRATCH": str(folder.scratch),
        "LOG_JSON": "false",  # people read it
        "LOG_LEVEL": "WARNING",  # a terminal full of requests hides the one line that matters
    }
    if PREFIX + "SECRET" not in given:
        embedded["SECRET"] = folder.secret()
    return {PREFIX + name: value for name, value in embedded.items()} | dict(given)
