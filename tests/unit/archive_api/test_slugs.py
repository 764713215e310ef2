"""How titles become slugs."""

from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive_api.domain.slugs import LARGEST_LENGTH, RESERVED, slug_candidates, slugify

IDENTIFIER = "6f4f3a8e-1a2b-4c3d-8e4f-5a6b7c8d9e0f"


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Chest CT", "chest-ct"),
        ("  --Chest__CT!  ", "chest-ct"),
        ("Übergrößenträger", "ubergrossentrager"),
        ("Легкие 2024", "legkie-2024"),
        ("胸部CT", "xiongbuct"),
        ("???", ""),
        ("x" * 80, "x" * 50),
        ("a" * 49 + " b", "a" * 49),
    ],
)
def test_a_title_of_any_script_becomes_ascii(title: str, slug: str) -> None:
    assert slugify(title) == slug


@settings(deadline=None)  # a busy machine is slow, not wrong
@given(title=st.text(max_size=300))
def test_every_candidate_can_stand_in_an_address(title: str) -> None:
    candidates = list(slug_candidates(title, IDENTIFIER))

    for slug in candidates:
        assert 0 < len(slug) <= LARGEST_LENGTH
        assert slug.isascii()
        assert set(slug) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
        assert slug not in RESERVED
        assert not slug.startswith("-")
        assert not slug.endswith("-")
    assert len(set(candidates)) == len(candidates)


def test_later_candidates_are_numbered() -> None:
    assert list(islice(slug_candidates("Chest CT", IDENTIFIER), 3)) == [
        "chest-ct",
        "chest-ct-2",
        "chest-ct-3",
    ]


def test_the_last_candidate_holds_the_identifier_and_is_free_for_certain() -> None:
    *_, last = slug_candidates("Chest CT", IDENTIFIER)

    assert last.endswith(IDENTIFIER.replace("-", ""))


@pytest.mark.parametrize("title", ["Create", "items", "NEW"])
def test_a_reserved_word_is_never_a_slug(title: str) -> None:
    assert next(slug_candidates(title, IDENTIFIER)) == f"{title.lower()}-2"


def test_a_title_without_letters_still_gets_a_slug() -> None:
    assert next(slug_candidates("!!!", IDENTIFIER)) == "archive"
