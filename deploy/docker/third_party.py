"""Prints what the given pyproject.toml files need from outside, for the layer of the image that rarely changes."""

import sys
import tomllib
from pathlib import Path


def main(files: list[str]) -> None:
    """Print one requirement per line; our own packages are left out."""
    projects = [tomllib.loads(Path(file).read_text())["project"] for file in files]
    ours = {project["name"] for project in projects}
    wanted = {need for project in projects for need in project["dependencies"]} - ours
    sys.stdout.writelines(f"{need}\n" for need in sorted(wanted))


if __name__ == "__main__":
    main(sys.argv[1:])
