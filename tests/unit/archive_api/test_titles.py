"""How names of images become titles of items."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive_api.domain.item import LARGEST_TITLE
from archive_api.domain.titles import free_title, title_from


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("ct.mha", "ct.mha"),
        (" a\nb\x00c ", "abc"),
        ("e\u0301", "é"),
        ("x" * 4096, "x" * (LARGEST_TITLE - 12)),
    ],
)
def test_a_title_is_one_short_line(name: str, title: str) -> None:
    assert title_from(name) == title


@settings(deadline=None)  # a busy machine is slow, not wrong
@given(count=st.integers(0, 3000))
def test_a_free_title_is_the_next_number(count: int) -> None:
    taken = {"scan"} | {f"scan ({number})" for number in range(2, count + 1)} if count else set()

    title = free_title("scan", taken.__contains__)

    assert title not in taken
    assert title == ("scan" if count == 0 else f"scan ({count + 1})")


@settings(deadline=None)  # a busy machine is slow, not wrong
@given(taken=st.sets(st.integers(1, 60)))
def test_a_free_title_is_found_between_gaps(taken: set[int]) -> None:
    titles = {"scan" if number == 1 else f"scan ({number})" for number in taken}

    assert free_title("scan", titles.__contains__) not in titles


def test_finding_a_free_title_asks_few_times() -> None:
    asked: list[str] = []

    def taken(title: str) -> bool:
        asked.append(title)
        return title == "scan" or int(title[6:-1]) <= 10_000

    assert free_title("scan", taken) == "scan (10001)"
    assert len(asked) < 30
