"""What the packages ask for is pinned, so that two installations of one commit are the same."""

import re
import tomllib
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
PROJECTS = sorted(
    [
        REPOSITORY / "shared" / "pyproject.toml",
        REPOSITORY / "subscriber" / "pyproject.toml",
        *REPOSITORY.glob("services/*/pyproject.toml"),
    ]
)


def normalised(requirement: str) -> str:
    """Give the name a requirement is about, spelled as PEP 503 says."""
    return re.sub(r"[-_.]+", "-", re.split(r"[^\w.-]", requirement, maxsplit=1)[0]).lower()


def third_party(requirements: list[str]) -> set[str]:
    ours = {tomllib.loads(project.read_text())["project"]["name"] for project in PROJECTS}
    return {normalised(requirement) for requirement in requirements} - ours


def pinned() -> set[str]:
    lines = (REPOSITORY / "constraints.txt").read_text().splitlines()
    return {normalised(line) for line in lines if "==" in line}


@pytest.mark.parametrize("project", PROJECTS, ids=lambda project: project.parent.name)
def test_every_dependency_of_a_package_is_pinned(project: Path) -> None:
    dependencies = tomllib.loads(project.read_text())["project"]["dependencies"]

    assert third_party(dependencies) <= pinned(), "run `make lock`"


def test_every_development_tool_is_pinned() -> None:
    tools = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["dependency-groups"]["dev"]

    assert third_party(tools) <= pinned(), "run `make lock`"
