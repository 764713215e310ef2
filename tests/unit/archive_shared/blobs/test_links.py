"""Signatures of links to blobs in a folder."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl

import pytest

from archive_shared.blobs.links import LinkSigner
from archive_shared.errors import Forbidden

SECRET = b"sixteen bytes or more"
NOW = datetime(2026, 11, 23, 12, 0, 0, 700_000, tzinfo=UTC)


class FixedClock:
    def __init__(self, now: datetime) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now


def signer_at(now: datetime, secret: bytes = SECRET) -> LinkSigner:
    return LinkSigner(secret, clock=FixedClock(now))


def signed(values: dict[str, str], lifetime_s: int = 60) -> list[tuple[str, str]]:
    query = signer_at(NOW).sign("GET", "bucket", "a/ké y", values, lifetime_s=lifetime_s)
    return parse_qsl(query, keep_blank_values=True)


def test_what_was_signed_can_be_trusted() -> None:
    values = signer_at(NOW).verify("GET", "bucket", "a/ké y", signed({"type": "a/b;c=d&e", "empty": ""}))

    assert values["type"] == "a/b;c=d&e"
    assert values["empty"] == ""


def test_the_order_of_the_query_does_not_matter() -> None:
    query = signed({"type": "x", "disposition": "y"})

    signer_at(NOW).verify("GET", "bucket", "a/ké y", reversed(query))


@pytest.mark.parametrize(("later_s", "works"), [(0, True), (59, True), (60, False), (1_000_000, False)])
def test_a_link_ends_with_its_lifetime(later_s: int, works: bool) -> None:
    later = signer_at(NOW + timedelta(seconds=later_s))
    query = signed({}, lifetime_s=60)

    if works:
        later.verify("GET", "bucket", "a/ké y", query)
    else:
        with pytest.raises(Forbidden, match="expired"):
            later.verify("GET", "bucket", "a/ké y", query)


@pytest.mark.parametrize(
    ("method", "bucket", "key"),
    [
        ("PUT", "bucket", "a/ké y"),
        ("GET", "other", "a/ké y"),
        ("GET", "bucket", "a/ké"),
        ("GET", "bucket", "A/ké y"),
        ("GET", "bucket/a", "ké y"),
    ],
)
def test_a_signature_is_for_one_method_bucket_and_key(method: str, bucket: str, key: str) -> None:
    with pytest.raises(Forbidden):
        signer_at(NOW).verify(method, bucket, key, signed({}))


@pytest.mark.parametrize("values", [{"a": "1", "b": "2"}, {"a": '1", "b": "2'}, {'a": "1", "b': "2"}])
def test_no_two_meanings_have_one_signature(values: dict[str, str]) -> None:
    plain = dict(signed({"a": "1", "b": "2"}))["signature"]

    assert (dict(signed(values))["signature"] == plain) == (values == {"a": "1", "b": "2"})


def test_every_value_is_covered() -> None:
    query = signed({"type": "image/png", "disposition": "inline"})

    for index, (name, value) in enumerate(query):
        for changed in ([(name, value + "0")], [], [(name, value), (name, value)]):
            if name == "signature" and len(changed) == 2:
                continue  # said twice, the same signature is still right
            with pytest.raises(Forbidden):
                signer_at(NOW).verify(
                    "GET", "bucket", "a/ké y", [*query[:index], *changed, *query[index + 1 :]]
                )


@pytest.mark.parametrize("signature", ["", "é", "\ud800", "0" * 64])
def test_any_other_signature_is_refused(signature: str) -> None:
    query = [(name, value) for name, value in signed({}) if name != "signature"]

    with pytest.raises(Forbidden):
        signer_at(NOW).verify("GET", "bucket", "a/ké y", [*query, ("signature", signature)])


def test_another_secret_makes_another_signature() -> None:
    other = signer_at(NOW, secret=b"another sixteen bytes")

    with pytest.raises(Forbidden):
        other.verify("GET", "bucket", "a/ké y", signed({}))


def test_a_short_secret_is_refused() -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        LinkSigner(b"short")


def test_a_signer_does_not_show_its_secret() -> None:
    assert "sixteen" not in f"{LinkSigner(SECRET)!r} {LinkSigner(SECRET)}"
