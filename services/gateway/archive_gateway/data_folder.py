"""The folder that holds everything a platform on one machine keeps, and its use by one supervisor at a time.

documents/   one SQLite file per service      blobs/   uploads, images, media
bus.db       messages on their way            secret   signs links and service tokens
tls/         self-made certificate            run.json where it runs now, only while it does
scratch/     files while they are converted
"""

import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SECRET_BYTES = 48


class FolderInUse(Exception):
    """Another supervisor runs on this folder."""


@dataclass(frozen=True)
class DataFolder:
    """The places in it; `path` is absolute."""

    path: Path

    @property
    def documents(self) -> Path:
        return self.path / "documents"

    @property
    def blobs(self) -> Path:
        return self.path / "blobs"

    @property
    def bus(self) -> Path:
        return self.path / "bus.db"

    @property
    def scratch(self) -> Path:
        return self.path / "scratch"

    @property
    def tls(self) -> Path:
        return self.path / "tls"

    @property
    def state(self) -> Path:
        return self.path / "run.json"

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Make the folder and keep others out; the kernel lets go of the lock however this process ends.

        Raises
        ------
        FolderInUse
            A supervisor runs on it already.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        with (self.path / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise FolderInUse(self._who()) from error
            self.state.unlink(missing_ok=True)  # of one that was killed
            self.documents.mkdir(exist_ok=True)
            self.blobs.mkdir(exist_ok=True)
            try:
                yield
            finally:
                self.state.unlink(missing_ok=True)

    def secret(self) -> str:
        """Return the secret of this installation, made up on the first call; only its owner can read it."""
        place = self.path / "secret"
        if not place.exists():
            write_whole(place, secrets.token_urlsafe(SECRET_BYTES), mode=0o600)
        return place.read_text().strip()

    def save_state(self, state: dict[str, Any]) -> None:
        """Write where the platform runs."""
        write_whole(self.state, json.dumps(state, indent=2) + "\n")

    def _who(self) -> str:
        try:
            state = json.loads(self.state.read_text())
        except (OSError, ValueError):
            return f"Another supervisor is starting or stopping on {self.path}."
        return f"{self.path} is in use: process {state['pid']} serves it on {state['address']}."


def write_whole(place: Path, text: str, *, mode: int = 0o644) -> None:
    """Write a file so that readers see all of it or the one before, also after a crash."""
    temporary = place.with_name(place.name + ".new")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(place)
