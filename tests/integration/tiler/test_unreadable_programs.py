"""What holds keys to the stores is not looked into by what reads uploads, even where the kernel has no Landlock."""

import subprocess
import sys
from textwrap import dedent

import pytest

UNTIL_SETTINGS_ARE_READ = dedent(
    """
    import ctypes, runpy, sys
    import tiler.settings

    PR_GET_DUMPABLE = 3
    tiler.settings.read_settings = sys.exit
    try:
        runpy.run_module(sys.argv[1], run_name="__main__")
    except SystemExit:
        print("readable:", ctypes.CDLL(None).prctl(PR_GET_DUMPABLE))
    """
)


@pytest.mark.parametrize(
    "name", ["worker", "slide_worker", "rendering_program", "conversion_program", "filling_program"]
)
def test_programs_with_keys_hide_before_they_read_them(name: str) -> None:
    told = subprocess.run(
        [sys.executable, "-c", UNTIL_SETTINGS_ARE_READ, f"tiler.entrypoints.{name}"],
        capture_output=True,
        text=True,
        check=True,
    )

    assert told.stdout == "readable: 0\n"
