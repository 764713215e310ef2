"""Parquet as we write it, read by the library everybody reads it with."""

import io
from datetime import UTC, datetime
from typing import Any

import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive_api.entrypoints.http import parquet
from archive_api.entrypoints.http.parquet import Column, Kind, parquet_bytes

COLUMNS = [
    Column("flag", Kind.FLAG),
    Column("whole", Kind.INTEGER),
    Column("number", Kind.NUMBER),
    Column("text ü", Kind.TEXT),
]
ROWS = st.lists(
    st.tuples(
        st.none() | st.booleans(),
        st.none() | st.integers(-(2**63), 2**63 - 1),
        st.none() | st.floats(allow_nan=False),
        st.none() | st.text(st.characters(exclude_categories=["Cs"])),
    ),
    max_size=30,
)


def read(columns: list[Column], rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    table = pyarrow.parquet.read_table(io.BytesIO(b"".join(parquet_bytes(columns, rows))))
    assert table.column_names == [column.name for column in columns]
    return [tuple(row.values()) for row in table.to_pylist()]


@given(rows=ROWS)
def test_what_is_written_is_read_back(rows: list[tuple[Any, ...]]) -> None:
    assert read(COLUMNS, rows) == rows


def test_many_rows_come_in_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "ROWS_PER_GROUP", 10)
    columns = [Column(f"column {number}", Kind.INTEGER) for number in range(20)]
    rows = [tuple(range(row, row + 20)) for row in range(155)]

    written = b"".join(parquet_bytes(columns, rows))

    assert pyarrow.parquet.ParquetFile(io.BytesIO(written)).num_row_groups == 16
    assert read(columns, rows) == rows


def test_instants_are_read_as_instants() -> None:
    at = datetime(2026, 11, 26, 7, 30, 0, 123456, tzinfo=UTC)

    assert read([Column("at", Kind.INSTANT)], [(round(at.timestamp() * 1_000_000),)]) == [(at,)]
