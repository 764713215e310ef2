"""How results are shown: as a table for people, or as JSON for programs."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import click

from archive_shared.clock import to_text

Row = Mapping[str, Any]

_NOTHING = "-"
_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"))


def show(rows: Sequence[Row], *, as_json: bool, nothing: str) -> None:
    """Print rows that have the same fields.

    Parameters
    ----------
    nothing
        What to tell people when there are no rows.
    """
    if as_json:
        click.echo(json.dumps([_plain(row) for row in rows], indent=2, ensure_ascii=False))
    elif not rows:
        click.echo(nothing)
    else:
        click.echo("\n".join(_table(rows)))


def show_one(row: Row, *, as_json: bool) -> None:
    """Print one thing, a field per line."""
    if as_json:
        click.echo(json.dumps(_plain(row), indent=2, ensure_ascii=False))
        return
    for name, value in row.items():
        click.echo(f"{_heading(name) + ':':16}{_cell(name, value)}")


def show_line(row: Row, *, as_json: bool) -> None:
    """Print one of many things that come one after the other: a JSON object per line, or its values."""
    if as_json:
        click.echo(json.dumps(_plain(row), ensure_ascii=False))
    else:
        click.echo("  ".join(_cell(name, value) for name, value in row.items()))


def _table(rows: Sequence[Row]) -> list[str]:
    names = list(rows[0])
    cells = [
        [_heading(name) for name in names],
        *([_cell(name, row[name]) for name in names] for row in rows),
    ]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return ["  ".join(map(str.ljust, line, widths)).rstrip() for line in cells]


def _heading(name: str) -> str:
    return name.removesuffix("_s").replace("_", " ")


def _cell(name: str, value: Any) -> str:
    if value is None or value == "":
        return _NOTHING
    if name.endswith("_s"):
        return _duration(float(value))
    return f"{value:%Y-%m-%d %H:%M:%S}" if isinstance(value, datetime) else str(value)


def _duration(seconds: float) -> str:
    for size, unit in _UNITS:
        if seconds >= size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} s"


def _plain(row: Row) -> dict[str, Any]:
    return {name: to_text(value) if isinstance(value, datetime) else value for name, value in row.items()}
