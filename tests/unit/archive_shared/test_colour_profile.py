"""Colour profiles keep their colours and lose what tells whose scanner made them, and when."""

from io import BytesIO

import numpy as np
import pytest
from PIL import ImageCms

from archive_shared.colour_profile import without_origin
from tests.support.colour_profiles import red_for_blue, seen_through, srgb, telling


@pytest.mark.parametrize("profile", [srgb(), red_for_blue(), telling(b"Jane Roe 4711")])
def test_colours_stay_as_they_were(profile: bytes) -> None:
    assert np.array_equal(seen_through(without_origin(profile)), seen_through(profile))


def test_nothing_that_was_said_is_left() -> None:
    profile = telling(b"Jane Roe 4711")
    assert profile.count(b"Jane Roe") == 2

    kept = without_origin(profile)

    assert b"Jane" not in kept
    assert kept[24:36] == bytes(12)  # when it was made
    assert "scanner" in ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(BytesIO(kept)))


def test_profiles_of_version_two_stay_readable() -> None:
    profile = bytearray(srgb())
    profile[8:10] = b"\x02\x40"

    kept = ImageCms.ImageCmsProfile(BytesIO(without_origin(bytes(profile))))

    assert ImageCms.getProfileDescription(kept).strip() == "Colours of the scanner"


def test_doing_it_again_changes_nothing() -> None:
    once = without_origin(telling(b"Jane Roe"))

    assert without_origin(once) == once


@pytest.mark.parametrize("damaged", [b"", b"Jane Roe" * 40, srgb()[:140], srgb()[:128] + b"\xff" * 400])
def test_of_a_damaged_profile_nothing_is_left(damaged: bytes) -> None:
    assert without_origin(damaged) == b""
