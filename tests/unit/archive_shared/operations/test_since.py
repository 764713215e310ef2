"""How operators say where something begins."""

from datetime import UTC, datetime, timedelta

import click
import pytest

from archive_shared.operations.since import Since


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("first", 0),
        ("1200", 1200),
        ("2026-11-26T08:00:00+01:00", datetime(2026, 11, 26, 7, tzinfo=UTC)),
        ("2026-11-26T08:00:00Z", datetime(2026, 11, 26, 8, tzinfo=UTC)),
    ],
)
def test_offsets_and_instants(text: str, start: object) -> None:
    assert Since().convert(text, None, None) == start


@pytest.mark.parametrize(
    ("text", "ago"), [("90min", timedelta(minutes=90)), ("2h", timedelta(hours=2)), ("3d", timedelta(days=3))]
)
def test_times_ago(text: str, ago: timedelta) -> None:
    start = Since().convert(text, None, None)

    assert isinstance(start, datetime)
    assert abs(datetime.now(UTC) - ago - start) < timedelta(seconds=10)


@pytest.mark.parametrize("text", ["", "yesterday", "-1", "2026-11-26T08:00:00", "5 weeks"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter, match="is none of"):
        Since().convert(text, None, None)
