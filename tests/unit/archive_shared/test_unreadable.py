"""What a process can hide from those it runs beside."""

import subprocess
import sys
from textwrap import dedent

LOOK = dedent(
    """
    import ctypes, os
    from archive_shared.unreadable import become_unreadable

    def look():
        reading, writing = os.pipe()
        if os.fork() == 0:
            try:
                told = open(f"/proc/{os.getppid()}/environ").read()
            except OSError as error:
                told = type(error).__name__
            os.write(writing, told.encode())
            os._exit(0)
        os.wait()
        return os.read(reading, 10_000).decode()

    if os.getuid() == 0:  # from whom nothing is hidden
        os.setresgid(65534, 65534, 65534)
        os.setresuid(65534, 65534, 65534)
        ctypes.CDLL(None).prctl(4, 1)  # as a program has it that began as this user
    print("SECRET=42" in look())
    become_unreadable()
    print(look())
    """
)


def test_a_process_that_is_unreadable_keeps_its_environment_from_others_of_its_user() -> None:
    told = subprocess.run(
        [sys.executable, "-c", LOOK],
        env={"SECRET": "42", "PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert told.stdout.split() == ["True", "PermissionError"]
