"""Keeps all parts of the platform running on one machine until it is asked to stop, then stops them in order."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from archive_gateway.output import Screen
from archive_gateway.parts import GATEWAY, Part
from archive_gateway.restarts import RestartPauses
from archive_gateway.stopping import Stopping

TICK_S = 0.05  # while parts end, and somebody waits for it
LOOK_EVERY_S = 0.2  # at parts that run
PROBE_EVERY_S = 0.2


class Process(Protocol):
    """One run of a part."""

    @property
    def pid(self) -> int: ...
    @property
    def ran_for_s(self) -> float: ...
    def has_ended(self) -> bool: ...
    def ask_to_end(self) -> None: ...
    def kill(self) -> None: ...
    def reason(self) -> str: ...
    def last_lines(self) -> Sequence[str]: ...


class Observer(Protocol):
    """Hears what the supervisor does, to tell people and tests."""

    def running(self, pids: Mapping[str, int]) -> None:
        """These parts run now, as these processes."""
        ...

    def ready(self) -> None:
        """The platform answers for the first time."""
        ...


@dataclass
class _Watched:
    part: Part
    process: Process | None = None
    pauses: RestartPauses = field(default_factory=RestartPauses)
    start_at_s: float = 0.0


class Supervisor:
    """Watches over the parts.

    Parameters
    ----------
    start
        Starts a part and returns its process.
    is_ready
        Asks the platform whether it answers; takes a second at most.
    wait
        Lets so many seconds pass.
    """

    def __init__(
        self,
        parts: Iterable[Part],
        *,
        start: Callable[[Part], Process],
        is_ready: Callable[[], bool],
        screen: Screen,
        observer: Observer,
        stopping: Stopping,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self._watched = [_Watched(part) for part in parts]
        self._start = start
        self._is_ready = is_ready
        self._screen = screen
        self._observer = observer
        self._stopping = stopping
        self._wait = wait
        self._probe_at_s: float | None = 0.0

    def run(self) -> None:
        """Start everything, start again what ends, and return when all of it has been stopped."""
        try:
            while not self._stopping.asked:
                self._tick()
                self._wait(LOOK_EVERY_S)
        finally:
            self._stop([each for each in self._watched if each.part.name == GATEWAY])
            self._stop(self._watched)

    def _tick(self) -> None:
        before = self._pids()
        for watched in self._watched:
            self._look_after(watched)
        if self._pids() != before:
            self._observer.running(self._pids())
        self._probe()

    def _look_after(self, watched: _Watched) -> None:
        if watched.process is not None and watched.process.has_ended():
            self._mourn(watched, watched.process)
        if watched.process is None and time.monotonic() >= watched.start_at_s:
            watched.process = self._start(watched.part)

    def _mourn(self, watched: _Watched, process: Process) -> None:
        pause_s = watched.pauses.next_s(ran_for_s=process.ran_for_s)
        watched.process = None
        watched.start_at_s = time.monotonic() + pause_s
        self._screen.say(
            f"{watched.part.name} ended after {process.ran_for_s:.1f} s: {process.reason()}; "
            f"it is started again in {pause_s:g} s"
        )
        for line in process.last_lines():
            self._screen.say(f"    {watched.part.name} said: {line}")

    def _probe(self) -> None:
        if self._probe_at_s is None or time.monotonic() < self._probe_at_s:
            return
        if self._is_ready():
            self._probe_at_s = None
            self._observer.ready()
        else:
            self._probe_at_s = time.monotonic() + PROBE_EVERY_S

    def _stop(self, watched: Sequence[_Watched]) -> None:
        """Ask processes to end and wait for each as long as its grace lasts, or until people lose patience."""
        alive = [
            (each.part, each.process) for each in watched if each.process and not each.process.has_ended()
        ]
        begun_s = time.monotonic()
        for _, process in alive:
            process.ask_to_end()
        for part, process in alive:
            self._await_end(part, process, until_s=begun_s + part.grace_s)

    def _await_end(self, part: Part, process: Process, *, until_s: float) -> None:
        while not process.has_ended():
            if time.monotonic() > until_s or self._stopping.urgent:
                self._screen.say(f"{part.name} did not end in time and is killed")
                process.kill()
            self._wait(TICK_S)

    def _pids(self) -> dict[str, int]:
        return {each.part.name: each.process.pid for each in self._watched if each.process}
