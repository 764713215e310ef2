"""Runs the platform on this machine: takes folder and port, creates the administrator, supervises all parts."""

import os
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from archive_gateway import greeting
from archive_gateway.data_folder import DataFolder, FolderInUse
from archive_gateway.forking import load
from archive_gateway.listening import Listener, PortTaken, listening
from archive_gateway.output import Outputs, Screen
from archive_gateway.parts import Part, background_parts, gateway_part, on_one_machine
from archive_gateway.preparation import PreparationFailed, create_first_administrator, prepare_blobs
from archive_gateway.processes import PartProcess
from archive_gateway.readiness import answers
from archive_gateway.settings import RunSettings, part_environment
from archive_gateway.stopping import Stopping, stopped_by_signals
from archive_gateway.supervisor import Supervisor
from archive_gateway.tls import Certificate, ensure_certificate


class CannotRun(Exception):
    """Nothing was started; the message says why and what to do."""


def run_platform(settings: RunSettings, given: Mapping[str, str]) -> None:
    """Run until somebody asks to stop.

    Parameters
    ----------
    given
        The environment; stores it names are used instead of embedded ones.

    Raises
    ------
    CannotRun
        The port or the folder is in use, or a store does not answer.
    """
    folder = DataFolder(settings.data.resolve())
    with ExitStack() as held:
        try:
            held.enter_context(folder.in_use())
            listener = held.enter_context(listening(settings.host, settings.port))
        except (FolderInUse, PortTaken) as error:
            raise CannotRun(str(error)) from error
        _run(settings, given, folder, listener)


def _run(settings: RunSettings, given: Mapping[str, str], folder: DataFolder, listener: Listener) -> None:
    certificate = ensure_certificate(folder.tls, now=datetime.now(UTC)) if settings.tls else None
    address = listener.address(tls=settings.tls)
    environment = part_environment(given, folder, address=address)
    parts = _parts(settings, listener, certificate)
    screen = Screen(sys.stdout, [part.name for part in parts])
    trusted = certificate.certificate if certificate else None
    announcer = Announcer(folder, screen, address=address, certificate=trusted)
    outputs = Outputs()
    stopping = Stopping()
    supervisor = Supervisor(
        parts,
        start=partial(PartProcess, environment=environment, screen=screen, outputs=outputs),
        is_ready=partial(answers, address, certificate=trusted),
        screen=screen,
        observer=announcer,
        stopping=stopping,
        wait=outputs.follow,
    )
    with stopped_by_signals(stopping):
        screen.say(greeting.starting(folder.path))
        load(module for part in parts for module in part.modules)
        _prepare(environment, screen)
        supervisor.run()
        screen.say("Everything is stopped.")


def _parts(settings: RunSettings, listener: Listener, certificate: Certificate | None) -> list[Part]:
    in_containers = background_parts(
        ingest_workers=settings.ingest_workers, tiler_workers=settings.tiler_workers
    )
    background = [on_one_machine(part) for part in in_containers]
    if certificate is None:
        return [gateway_part(socket=listener.descriptor), *background]
    files = {"certificate": certificate.certificate, "key": certificate.key}
    return [gateway_part(socket=listener.descriptor, **files), *background]


def _prepare(environment: Mapping[str, str], screen: Screen) -> None:
    try:
        prepare_blobs(environment)
        administrator = create_first_administrator(environment)
    except PreparationFailed as error:
        raise CannotRun(str(error)) from error
    if administrator is not None:
        screen.say(greeting.first_administrator(administrator))


class Announcer:
    """Writes the state file whenever something changes, and greets people when the platform is ready."""

    def __init__(self, folder: DataFolder, screen: Screen, *, address: str, certificate: Path | None) -> None:
        self._folder = folder
        self._screen = screen
        self._address = address
        self._certificate = certificate
        self._begun_s = time.monotonic()
        self._pids: Mapping[str, int] = {}
        self._ready = False

    def running(self, pids: Mapping[str, int]) -> None:
        self._pids = pids
        self._save()

    def ready(self) -> None:
        self._ready = True
        self._save()
        seconds = time.monotonic() - self._begun_s
        words = greeting.ready(
            self._address, self._folder.path, seconds=seconds, certificate=self._certificate
        )
        self._screen.say(words)

    def _save(self) -> None:
        state = {"pid": os.getpid(), "address": self._address, "ready": self._ready, "pids": dict(self._pids)}
        self._folder.save_state(state)
