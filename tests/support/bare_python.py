"""A Python as another service's: with the subscriber kit as it is installed, pika, and nothing else."""

import shutil
import subprocess
import sys
import venv
from importlib.metadata import distribution
from pathlib import Path

ROOT = Path(__file__).parents[2]


def make_bare_python(folder: Path) -> Path:
    """Make an environment and return its interpreter; asks no package index."""
    environment = folder / "environment"
    venv.create(environment, with_pip=False, symlinks=True)
    [packages] = environment.glob("lib/python*/site-packages")
    _copy_pika(packages)
    _install(_build_wheel(folder), environment)
    return environment / "bin" / "python"


def _copy_pika(packages: Path) -> None:
    pika = distribution("pika")
    for name in {Path(file).parts[0] for file in pika.files or ()}:
        shutil.copytree(str(pika.locate_file(name)), packages / name)


def _build_wheel(folder: Path) -> Path:
    _run("hatchling", "build", "--target", "wheel", "--directory", folder)
    [wheel] = folder.glob("*.whl")
    return wheel


def _install(wheel: Path, environment: Path) -> None:
    # With its dependencies: that the wheel wants nothing that is not there is part of what is tested.
    _run("uv", "pip", "install", "--offline", "--no-index", "--python", environment, wheel)


def _run(module: str, *arguments: str | Path) -> None:
    command = [sys.executable, "-m", module, *arguments]
    subprocess.run(command, cwd=ROOT / "subscriber", check=True, capture_output=True)
