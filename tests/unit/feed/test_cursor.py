"""Cursors are read as they were written; anything else is refused by name."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive_shared.errors import Invalid
from feed.domain.cursor import decode, encode


@given(position=st.integers(0, 10**15))
def test_a_cursor_is_read_as_it_was_written(position: int) -> None:
    assert decode(encode(position)) == position


@given(text=st.text(max_size=30))
def test_any_other_text_is_refused_or_means_one_position(text: str) -> None:
    with suppress(Invalid):
        assert decode(text) >= 0


@pytest.mark.parametrize("text", ["42", "MTo", "Mjo0Mg", "MTotMQ", "MTo0Mg==x", "é", "MTo0Mg\n"])
def test_what_is_no_cursor_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="after"):
        decode(text)
