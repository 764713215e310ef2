"""How the supervisor looks after its parts, with processes that only pretend."""

import io
from collections.abc import Callable, Mapping

import pytest

from archive_gateway.output import Screen
from archive_gateway.parts import Part
from archive_gateway.stopping import Stopping
from archive_gateway.supervisor import Supervisor

GATEWAY = Part("gateway", ("gunicorn",))
RELAY = Part("relay", ("relay",))
WORKER = Part("worker", ("worker",))


class PretendedProcess:
    """A process that ends when it is told to, or when asked to if it is obedient."""

    def __init__(self, part: Part, diary: list[str], pid: int) -> None:
        self.part = part
        self.pid = pid
        self.ran_for_s = 1.0
        self.obedient = True
        self._diary = diary
        self._ended = False

    def has_ended(self) -> bool:
        return self._ended

    def ask_to_end(self) -> None:
        self._diary.append(f"ask {self.part.name}")
        self._ended = self.obedient

    def kill(self) -> None:
        self._diary.append(f"kill {self.part.name}")
        self._ended = True

    def crash(self) -> None:
        self._ended = True

    def reason(self) -> str:
        return "killed by SIGKILL"

    def last_lines(self) -> list[str]:
        return ["something terrible"]


class Stage:
    """A supervisor on pretended processes; `script` says what happens at each readiness probe or state change."""

    def __init__(self, *parts: Part) -> None:
        self.diary: list[str] = []
        self.processes: list[PretendedProcess] = []
        self.states: list[dict[str, int]] = []
        self.stopping = Stopping()
        self.screen = io.StringIO()
        self.probes: list[Callable[[], bool]] = []
        self.on_start: Callable[[PretendedProcess], None] = lambda process: None
        self._supervisor = Supervisor(
            parts,
            start=self.start,
            is_ready=self.probe,
            screen=Screen(self.screen, []),
            observer=self,
            stopping=self.stopping,
        )

    def start(self, part: Part) -> PretendedProcess:
        self.diary.append(f"start {part.name}")
        process = PretendedProcess(part, self.diary, pid=len(self.processes) + 1)
        self.processes.append(process)
        self.on_start(process)
        return process

    def probe(self) -> bool:
        if not self.probes:
            self.stopping.ask()
            return False
        return self.probes.pop(0)()

    def running(self, pids: Mapping[str, int]) -> None:
        self.states.append(dict(pids))

    def ready(self) -> None:
        self.diary.append("ready")

    def run(self) -> None:
        self._supervisor.run()


def test_all_parts_are_started_and_all_are_stopped_the_gateway_first() -> None:
    stage = Stage(RELAY, GATEWAY, WORKER)

    stage.run()

    assert stage.diary == [
        *("start relay", "start gateway", "start worker"),
        *("ask gateway", "ask relay", "ask worker"),
    ]
    assert stage.states == [{"relay": 1, "gateway": 2, "worker": 3}]


def test_a_crashed_part_is_started_again_and_the_reason_shown() -> None:
    stage = Stage(GATEWAY, WORKER)

    def crash() -> bool:
        stage.processes[1].crash()
        return False

    def until_restarted() -> bool:
        if len(stage.processes) < 3:
            stage.probes.append(until_restarted)
        return False

    stage.probes = [crash, until_restarted]
    stage.run()

    assert stage.diary[:3] == ["start gateway", "start worker", "start worker"]
    assert stage.states == [{"gateway": 1, "worker": 2}, {"gateway": 1}, {"gateway": 1, "worker": 3}]
    shown = stage.screen.getvalue()
    assert "worker ended after 1.0 s: killed by SIGKILL; it is started again in 0.25 s" in shown
    assert "something terrible" in shown


def test_readiness_is_announced_once() -> None:
    stage = Stage(GATEWAY)

    def ready() -> bool:
        stage.on_start = lambda process: stage.stopping.ask()
        stage.processes[0].crash()
        return True

    stage.probes = [lambda: False, ready]
    stage.run()

    assert stage.diary.count("ready") == 1


def test_a_part_that_does_not_end_in_time_is_killed() -> None:
    stage = Stage(Part("stubborn", ("stubborn",), grace_s=0.1))
    stage.on_start = lambda process: setattr(process, "obedient", False)

    stage.run()

    assert stage.diary == ["start stubborn", "ask stubborn", "kill stubborn"]
    assert "stubborn did not end in time" in stage.screen.getvalue()


def test_asking_twice_kills_without_waiting() -> None:
    stage = Stage(Part("slow", ("slow",), grace_s=3600))

    def disobey(process: PretendedProcess) -> None:
        process.obedient = False
        stage.stopping.ask()

    stage.on_start = disobey
    stage.run()

    assert stage.diary[-1] == "kill slow"


def test_parts_are_stopped_even_when_one_cannot_be_started() -> None:
    stage = Stage(RELAY, WORKER)

    def fail(process: PretendedProcess) -> None:
        if process.part is WORKER:
            raise OSError("no more processes")

    stage.on_start = fail

    with pytest.raises(OSError, match="no more processes"):
        stage.run()

    assert "ask relay" in stage.diary
