"""The table of features is true at least in this: every test it names exists, and every link leads somewhere."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "features.md"


def test_every_test_the_features_name_exists() -> None:
    named = set(re.findall(r"`(test_\w+)`", PAGE.read_text()))
    written = {
        name
        for file in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", file.read_text(), flags=re.MULTILINE)
    }

    assert named - written == set()
    assert named


def test_every_link_of_the_features_leads_somewhere() -> None:
    targets = set(re.findall(r"\]\(([^)]+)\)", PAGE.read_text()))

    assert {target for target in targets if not (PAGE.parent / target).exists()} == set()
