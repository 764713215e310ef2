"""Which events a reader asks for."""

import pytest

from archive_shared.errors import Invalid
from feed.domain.audience import Audience
from feed.domain.selection import MOST_PATTERNS, Selection, checked_types
from tests.support.feed import an_entry

CREATED, DELETED, GRANTED = (
    an_entry(type=f"archive.{name}.v1") for name in ("item.created", "item.deleted", "role.granted")
)


@pytest.mark.parametrize(
    ("patterns", "wanted"),
    [
        ((), [CREATED, DELETED, GRANTED]),
        (("archive.item.created.v1",), [CREATED]),
        (("archive.item.*",), [CREATED, DELETED]),
        (("*.created.v1", "archive.role.*"), [CREATED, GRANTED]),
        (("*",), [CREATED, DELETED, GRANTED]),
    ],
)
def test_a_star_stands_for_any_characters(patterns: tuple[str, ...], wanted: list[object]) -> None:
    selection = Selection(checked_types(patterns))

    assert [entry for entry in (CREATED, DELETED, GRANTED) if selection.includes(entry)] == wanted


@pytest.mark.parametrize(
    "pattern", ["archive.item.exploded.v1", "item.created", "", "[a-z]*", "?*", "A*", "é*"]
)
def test_a_pattern_no_event_can_meet_is_a_mistake(pattern: str) -> None:
    with pytest.raises(Invalid) as refusal:
        checked_types([pattern])

    assert list(refusal.value.errors) == ["types"]


def test_too_many_patterns_are_refused() -> None:
    with pytest.raises(Invalid):
        checked_types(["*"] * (MOST_PATTERNS + 1))


def test_events_about_one_archive_are_those_its_members_or_editors_may_hear() -> None:
    selection = Selection(archive="a")

    assert selection.includes(an_entry(audience=Audience(members=("b", "a"))))
    assert selection.includes(an_entry(audience=Audience(editors=("a",))))
    assert not selection.includes(an_entry(audience=Audience(members=("b",), people=("a",))))
