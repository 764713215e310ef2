"""The index of slices finds the runs that hold a slice, and is not found where there is none."""

import pytest

from archive_shared.slice_index import MARK, FlushPoint, Runs, SliceIndex, read_index

INDEX = SliceIndex([FlushPoint(0, 400), FlushPoint(100, 430), FlushPoint(200, 470), FlushPoint(250, 490)])


def read_back(content: bytes) -> SliceIndex | None:
    return read_index(lambda start, end: content[start:end], len(content))


def test_an_index_is_read_back_from_the_end_of_a_file() -> None:
    assert read_back(b"p" * 500 + INDEX.encoded()) == INDEX


def test_an_index_longer_than_one_read_is_read_whole() -> None:
    long = SliceIndex([FlushPoint(count, count) for count in range(5000)])

    assert read_back(b"p" * 5000 + long.encoded()) == long


@pytest.mark.parametrize(
    ("wanted", "runs"),
    [
        ((0, 100), Runs(400, 430, 0)),
        ((100, 200), Runs(430, 470, 0)),
        ((120, 180), Runs(430, 470, 20)),
        ((50, 201), Runs(400, 490, 50)),
        ((249, 250), Runs(470, 490, 49)),
    ],
)
def test_the_runs_of_a_slice_begin_at_or_before_it_and_end_at_or_behind_it(
    wanted: tuple[int, int], runs: Runs
) -> None:
    assert INDEX.runs(*wanted) == runs


@pytest.mark.parametrize(("start", "end"), [(-1, 5), (5, 5), (200, 251)])
def test_pixels_that_are_not_there_are_an_error(start: int, end: int) -> None:
    with pytest.raises(ValueError, match="no pixels"):
        INDEX.runs(start, end)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        MARK,
        b"p" * 500,
        b"p" * 500 + SliceIndex([FlushPoint(0, 400)]).encoded(),
        b"p" * 500 + b"\xff" * 8 + MARK,
        b"p" * 489 + INDEX.encoded(),  # the runs would end inside the index
        b"p" * 500 + SliceIndex([FlushPoint(0, 9), FlushPoint(5, 9)]).encoded(),
        b"p" * 500 + SliceIndex([FlushPoint(1, 8), FlushPoint(5, 9)]).encoded(),
        b"p" * 500 + INDEX.encoded()[:-1],
    ],
)
def test_a_file_without_a_sound_index_has_none(content: bytes) -> None:
    assert read_back(content) is None
