"""The names browsers save downloads under."""

import pytest
from werkzeug.http import parse_options_header

from archive_shared.blobs.disposition import attachment

NAMES = ["scan.mha", "Schädel (1).nii.gz", "日本.png", 'a"b\\c;d%e', "line\r\nbreak", "…/../x"]


@pytest.mark.parametrize("name", NAMES)
def test_any_name_survives_as_plain_ascii(name: str) -> None:
    header = attachment(name)

    kind, options = parse_options_header(header)
    assert kind == "attachment"
    assert options["filename"] == name
    assert header.isascii()
    assert header.isprintable()


def test_text_that_is_not_unicode_does_no_harm() -> None:
    assert attachment("a\ud800b") == "attachment; filename=\"a_b\"; filename*=UTF-8''a%3Fb"
