"""Tables people can read, and JSON."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from archive_shared.operations.presenting import show, show_line, show_one

ROWS: list[dict[str, Any]] = [
    {"queue": "archive-api.events", "waiting": 12, "oldest_s": 5400.0},
    {"queue": "x", "waiting": None, "oldest_s": None},
]


def test_tables_line_up(capsys: pytest.CaptureFixture[str]) -> None:
    show(ROWS, as_json=False, nothing="nothing")

    assert capsys.readouterr().out.splitlines() == [
        "queue               waiting  oldest",
        "archive-api.events  12       1.5 h",
        "x                   -        -",
    ]


def test_programs_get_the_same_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    show(ROWS, as_json=True, nothing="nothing")

    assert json.loads(capsys.readouterr().out) == ROWS


def test_people_are_told_that_there_is_nothing_and_programs_get_a_list(
    capsys: pytest.CaptureFixture[str],
) -> None:
    show([], as_json=False, nothing="There is nothing.")
    show([], as_json=True, nothing="There is nothing.")

    assert capsys.readouterr().out == "There is nothing.\n[]\n"


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "0 s"), (59, "59 s"), (90, "1.5 min"), (7200, "2.0 h"), (129_600, "1.5 d")]
)
def test_durations_are_short(seconds: float, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    show_line({"age_s": seconds}, as_json=False)

    assert capsys.readouterr().out.strip() == text


def test_one_thing_is_told_a_field_per_line(capsys: pytest.CaptureFixture[str]) -> None:
    show_one({"id": "1", "at": datetime(2026, 11, 26, 8, tzinfo=UTC)}, as_json=False)

    assert capsys.readouterr().out == "id:             1\nat:             2026-11-26 08:00:00\n"
