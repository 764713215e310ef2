"""Patterns mean what they mean to a topic exchange."""

import pytest

from archive_subscriber.patterns import Interest


@pytest.mark.parametrize(
    ("pattern", "type"),
    [
        ("archive.item.created.v1", "archive.item.created.v1"),
        ("archive.item.*.v1", "archive.item.created.v1"),
        ("archive.#", "archive.item.created.v1"),
        ("archive.#", "archive"),
        ("#", "anything.at.all"),
        ("#.v1", "archive.item.created.v1"),
        ("archive.#.created.#", "archive.item.created.v1"),
        ("*.*.*.*", "archive.item.created.v1"),
    ],
)
def test_what_fits(pattern: str, type: str) -> None:
    assert Interest([pattern]).includes(type)


@pytest.mark.parametrize(
    ("pattern", "type"),
    [
        ("archive.item.created.v1", "archive.item.created.v2"),
        ("archive.item.*", "archive.item.created.v1"),
        ("archive.*.v1", "archive.v1"),
        ("archive.*.created.v1", "archive.item.updated.v1"),
        ("#.v1", "archive.item.created.v2"),
        ("archive.item.created.v1", "archive_item_created_v1"),
        ("", "archive"),
    ],
)
def test_what_does_not_fit(pattern: str, type: str) -> None:
    assert not Interest([pattern]).includes(type)


def test_one_of_several_is_enough() -> None:
    interest = Interest(["archive.item.created.v1", "archive.image.*.v1"])

    assert interest.includes("archive.image.imported.v1")
    assert not interest.includes("archive.item.deleted.v1")


def test_no_pattern_fits_nothing() -> None:
    assert not Interest([]).includes("archive.item.created.v1")
