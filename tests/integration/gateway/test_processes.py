"""Parts as real processes: how they are started, followed, ended, and how they end with their supervisor."""

import io
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from archive_gateway.output import Screen
from archive_gateway.parts import Part
from archive_gateway.processes import PartProcess
from tests.support.processes import wait_until

SOON_S = 15


class Workshop:
    """Starts parts from source text, and kills what is left at the end."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.stream = io.StringIO()
        self.processes: list[PartProcess] = []

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "PYTHONPATH": str(self.folder)}

    def start(self, source: str, *arguments: str, inherited: tuple[int, ...] = ()) -> PartProcess:
        name = f"part_{len(self.processes)}"
        (self.folder / f"{name}.py").write_text(source)
        part = Part(name, (name, *arguments), inherited=inherited)
        process = PartProcess(part, environment=self.environment, screen=Screen(self.stream, [name]))
        self.processes.append(process)
        return process

    def shows(self, text: str) -> None:
        wait_until(lambda: text in self.stream.getvalue(), timeout_s=SOON_S, what=f"{text!r} on the screen")


@pytest.fixture
def workshop(tmp_path: Path) -> Iterator[Workshop]:
    workshop = Workshop(tmp_path)
    yield workshop
    for process in workshop.processes:
        process.kill()
        process.last_lines()


def ended(process: PartProcess) -> Callable[[], bool]:
    return process.has_ended


def await_end(process: PartProcess) -> None:
    wait_until(ended(process), timeout_s=SOON_S, what="the end of the part")


def alive(pid: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_a_part_is_a_module_with_arguments(workshop: Workshop) -> None:
    process = workshop.start("import sys; print(__name__, sys.argv[1:])", "a", "b")

    await_end(process)

    assert process.last_lines() == ["__main__ ['a', 'b']"]


def test_the_exit_code_and_the_last_words_are_known(workshop: Workshop) -> None:
    process = workshop.start("raise ValueError('no such luck')")

    await_end(process)

    assert process.reason() == "exit code 1"
    assert process.last_lines()[-1] == "ValueError: no such luck"


def test_the_signal_that_killed_it_is_known(workshop: Workshop) -> None:
    process = workshop.start("import os; os.kill(os.getpid(), 9)")

    await_end(process)

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
    await_end(process)

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
    await_end(process)
    workshop.shows("child")
    child = int(workshop.stream.getvalue().split()[-1])

    wait_until(lambda: not alive(child), timeout_s=SOON_S, what="the end of the grandchild")


def test_a_file_descriptor_is_handed_down(workshop: Workshop) -> None:
    reading, writing = os.pipe()
    try:
        process = workshop.start(
            "import os, sys; os.write(int(sys.argv[1]), b'x')", str(writing), inherited=(writing,)
        )
        await_end(process)

        assert os.read(reading, 1) == b"x"
    finally:
        os.close(reading)
        os.close(writing)


def test_modules_in_the_current_folder_do_not_stand_in_for_installed_ones(
    workshop: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "gunicorn.py").write_text("print('the wrong one')")
    monkeypatch.chdir(elsewhere)

    process = workshop.start("import gunicorn; print(gunicorn.__version__)")
    await_end(process)

    assert "the wrong one" not in process.last_lines()


SUPERVISOR = """
import io, os, sys, time
from archive_gateway.output import Screen
from archive_gateway.parts import Part
from archive_gateway.processes import PartProcess

part = PartProcess(Part("part", ("sleeping",)), environment=os.environ, screen=Screen(io.StringIO(), []))
print(part.pid, flush=True)
time.sleep(60)
"""


def test_a_part_dies_with_its_supervisor_even_when_that_is_killed(workshop: Workshop) -> None:
    asleep = workshop.folder / "asleep"
    (workshop.folder / "sleeping.py").write_text(f"open({str(asleep)!r}, 'x'); import time; time.sleep(60)")
    supervisor = subprocess.Popen(
        [sys.executable, "-c", SUPERVISOR], env=workshop.environment, stdout=subprocess.PIPE, text=True
    )
    assert supervisor.stdout is not None
    with supervisor.stdout:
        part = int(supervisor.stdout.readline())
        wait_until(asleep.exists, timeout_s=SOON_S, what="a part that has asked the kernel")

        supervisor.send_signal(signal.SIGKILL)
        supervisor.wait()

    wait_until(lambda: not alive(part), timeout_s=SOON_S, what="the end of the part")
