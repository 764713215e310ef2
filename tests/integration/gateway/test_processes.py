"""Parts as real processes: how they are started, followed, ended, and how they end with their supervisor."""

import io
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from archive_gateway.forking import load
from archive_gateway.output import Outputs, Screen
from archive_gateway.parts import Part
from archive_gateway.processes import PartProcess
from archive_gateway.stopping import Stopping, stopped_by_signals
from tests.support.processes import wait_until

SOON_S = 15


class Workshop:
    """Starts parts from source text, as forks of this process, and kills what is left at the end."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.stream = io.StringIO()
        self.outputs = Outputs()
        self.processes: list[PartProcess] = []

    def start(self, source: str, *arguments: str, inherited: tuple[int, ...] = ()) -> PartProcess:
        name = f"part_{len(self.processes)}"
        (self.folder / f"{name}.py").write_text(source)
        process = PartProcess(
            Part(name, (name, *arguments), inherited=inherited),
            environment={**os.environ, "PART": name},
            screen=Screen(self.stream, [name]),
            outputs=self.outputs,
        )
        self.processes.append(process)
        return process

    def shows(self, text: str) -> None:
        self.waits_until(lambda: text in self.stream.getvalue(), f"{text!r} on the screen")

    def await_end(self, process: PartProcess) -> None:
        self.waits_until(process.has_ended, "the end of the part")

    def waits_until(self, condition: Callable[[], bool], what: str) -> None:
        def look() -> bool:
            self.outputs.follow(0.02)
            return condition()

        wait_until(look, timeout_s=SOON_S, what=what)


@pytest.fixture
def workshop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workshop]:
    monkeypatch.syspath_prepend(tmp_path)
    workshop = Workshop(tmp_path)
    yield workshop
    for process in workshop.processes:
        process.kill()
        process.last_lines()


def alive(pid: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_a_part_is_a_module_with_arguments(workshop: Workshop) -> None:
    process = workshop.start("import sys; print(__name__, sys.argv[1:])", "a", "b")

    workshop.await_end(process)

    assert process.last_lines() == ["__main__ ['a', 'b']"]


def test_the_exit_code_and_the_last_words_are_known(workshop: Workshop) -> None:
    process = workshop.start("raise ValueError('no such luck')")

    workshop.await_end(process)

    assert process.reason() == "exit code 1"
    assert process.last_lines()[-1] == "ValueError: no such luck"


def test_the_signal_that_killed_it_is_known(workshop: Workshop) -> None:
    process = workshop.start("import os; os.kill(os.getpid(), 9)")

    workshop.await_end(process)

    assert process.reason() == "killed by SIGKILL"


def test_asking_to_end_lets_it_finish(workshop: Workshop) -> None:
    process = workshop.start(
        "import signal, sys, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: (print('finished'), sys.exit(0)))\n"
        "print('working', flush=True)\n"
        "time.sleep(60)\n"
    )
    workshop.shows("working")

    process.ask_to_end()
    workshop.await_end(process)

    assert process.reason() == "exit code 0"
    assert process.last_lines() == ["working", "finished"]


def test_killing_it_kills_what_it_started(workshop: Workshop) -> None:
    process = workshop.start(
        "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "print('child', child.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    workshop.shows("child")
    child = int(workshop.stream.getvalue().split()[-1])

    process.kill()

    wait_until(lambda: not alive(child), timeout_s=SOON_S, what="the end of the grandchild")


def test_what_it_started_does_not_outlive_its_crash(workshop: Workshop) -> None:
    process = workshop.start(
        "import os, subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "print('child', child.pid, flush=True)\n"
        "os._exit(3)\n"
    )
    workshop.await_end(process)
    workshop.shows("child")
    child = int(workshop.stream.getvalue().split()[-1])

    wait_until(lambda: not alive(child), timeout_s=SOON_S, what="the end of the grandchild")


def test_a_file_descriptor_is_handed_down(workshop: Workshop) -> None:
    reading, writing = os.pipe()
    try:
        process = workshop.start(
            "import os, sys; os.write(int(sys.argv[1]), b'x')", str(writing), inherited=(writing,)
        )
        workshop.await_end(process)

        assert os.read(reading, 1) == b"x"
    finally:
        os.close(reading)
        os.close(writing)


def test_no_other_file_descriptor_is_handed_down(workshop: Workshop, tmp_path: Path) -> None:
    with (tmp_path / "held").open("w") as held:
        os.set_inheritable(held.fileno(), True)
        process = workshop.start(
            "import os; print([os.readlink(f'/proc/self/fd/{n}') for n in range(3, 40) if os.path.exists(f'/proc/self/fd/{n}')])"
        )
        workshop.await_end(process)

    assert process.last_lines() == ["[]"]


def test_a_part_has_the_environment_it_is_given(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    process = workshop.start("import os; print(os.environ['PART'], 'LATER' in os.environ)")
    monkeypatch.setenv("LATER", "1")
    workshop.await_end(process)

    assert process.last_lines() == ["part_0 False"]


def test_signals_that_the_supervisor_waits_for_end_a_part(workshop: Workshop) -> None:
    with stopped_by_signals(Stopping()):
        process = workshop.start("print('working', flush=True); import time; time.sleep(60)")
    workshop.shows("working")

    process.ask_to_end()
    workshop.await_end(process)

    assert process.reason() == "killed by SIGTERM"


def test_a_module_that_is_loaded_is_run_anew_for_each_part(
    workshop: Workshop, capfd: pytest.CaptureFixture[str]
) -> None:
    (workshop.folder / "loaded_before.py").write_text("print('loaded', __name__)")
    load(["loaded_before", "no_such_module"])
    assert capfd.readouterr().out == "loaded loaded_before\n"

    process = workshop.start("import runpy, loaded_before")
    again = PartProcess(
        Part("again", ("loaded_before",)),
        environment=os.environ,
        screen=Screen(workshop.stream, []),
        outputs=workshop.outputs,
    )
    workshop.processes.append(again)
    workshop.await_end(process)
    workshop.await_end(again)

    assert process.last_lines() == []
    assert again.last_lines() == ["loaded __main__"]


def test_a_part_ends_as_an_interpreter_does(workshop: Workshop) -> None:
    process = workshop.start(
        "import atexit, threading, time\n"
        "atexit.register(print, 'cleaned up')\n"
        "threading.Thread(target=lambda: (time.sleep(0.2), print('thread done'))).start()\n"
        "raise SystemExit('enough')\n"
    )
    workshop.await_end(process)

    assert sorted(process.last_lines()) == ["cleaned up", "enough", "thread done"]
    assert process.reason() == "exit code 1"


SUPERVISOR = """
import io, os, sys, time
from archive_gateway.output import Outputs, Screen
from archive_gateway.parts import Part
from archive_gateway.processes import PartProcess

part = PartProcess(
    Part("part", ("sleeping",)), environment=os.environ, screen=Screen(io.StringIO(), []), outputs=Outputs()
)
print(part.pid, flush=True)
time.sleep(60)
"""


def test_a_part_dies_with_its_supervisor_even_when_that_is_killed(workshop: Workshop) -> None:
    asleep = workshop.folder / "asleep"
    (workshop.folder / "sleeping.py").write_text(f"open({str(asleep)!r}, 'x'); import time; time.sleep(60)")
    supervisor = subprocess.Popen(
        [sys.executable, "-c", SUPERVISOR],
        env={**os.environ, "PYTHONPATH": str(workshop.folder)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert supervisor.stdout is not None
    with supervisor.stdout:
        part = int(supervisor.stdout.readline())
        wait_until(asleep.exists, timeout_s=SOON_S, what="a part that has asked the kernel")

        supervisor.send_signal(signal.SIGKILL)
        supervisor.wait()

    wait_until(lambda: not alive(part), timeout_s=SOON_S, what="the end of the part")
