"""Text in cells of CSV that no spreadsheet takes for a formula."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive_shared.csv_cells import as_cell, from_cell


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "'=1"])
def test_what_looks_like_a_formula_gets_an_apostrophe(text: str) -> None:
    assert as_cell(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "chest", "1+1", "'quoted'", "a=b"])
def test_other_text_stays_as_it_is(text: str) -> None:
    assert (as_cell(text), from_cell(text)) == (text, text)


@given(st.text(alphabet="'=+-@\t\nab＝") | st.text())
def test_text_comes_back_as_it_was(text: str) -> None:
    assert from_cell(as_cell(text)) == text
