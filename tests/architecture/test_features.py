"""The table of features is true at least in this: every row leads to tests, and every test it names exists."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "features.md"
TEST = re.compile(r"^def (test_\w+)", flags=re.MULTILINE)


def rows() -> list[str]:
    """Return the rows of all tables, without their heads."""
    lines = [line for line in PAGE.read_text().splitlines() if line.startswith("|")]
    heads = {number for number, line in enumerate(lines) if line.startswith("|---")}
    return [line for number, line in enumerate(lines) if not {number, number + 1} & heads]


def linked(text: str) -> list[Path]:
    return [PAGE.parent / target for target in re.findall(r"\]\(([^)]+)\)", text)]


def test_every_test_the_features_name_exists() -> None:
    named = set(re.findall(r"`(test_\w+)`", PAGE.read_text()))
    written = {
        name for file in (ROOT / "tests").rglob("test_*.py") for name in TEST.findall(file.read_text())
    }

    assert named - written == set()
    assert named


def test_every_link_of_the_features_leads_to_a_page_or_to_tests() -> None:
    files = linked(PAGE.read_text())

    assert [file for file in files if not file.is_file()] == []
    assert [file for file in files if file.suffix == ".py" and not TEST.search(file.read_text())] == []


def test_every_row_of_the_features_leads_to_a_test() -> None:
    without = [
        row
        for row in rows()
        if not re.search(r"`test_\w+`", row) and not any(file.suffix == ".py" for file in linked(row))
    ]

    assert without == []
