"""What a subscription may be asked for; nothing here needs a broker, for nothing connects before it is used."""

from datetime import datetime
from typing import Any

import pytest

import archive_shared.subscribe
import archive_subscriber
from archive_subscriber import Subscription
from archive_subscriber.replay import Since, start_of

CREATED = "archive.item.created.v1"
URL = "amqp://nobody:secret@127.0.0.1:1/none"


@pytest.mark.parametrize(
    "service", ["", "a.b", "a b", "-a", "ä", "x" * 101, "archive", "tiler", "archive-api"]
)
def test_names_that_would_hurt_others_are_refused(service: str) -> None:
    with pytest.raises(ValueError, match=r"service|platform"):
        Subscription(service, [CREATED], url=URL)


@pytest.mark.parametrize("types", [[], (), CREATED])
def test_types_must_be_a_list_of_some(types: Any) -> None:
    with pytest.raises(ValueError, match="types is a list"):
        Subscription("viewer", types, url=URL)


@pytest.mark.parametrize("since", [datetime(2026, 11, 23), -1, "last", 1.5, True])  # noqa: DTZ001 (naive on purpose)
def test_pasts_that_mean_nothing_are_refused(since: Any) -> None:
    with pytest.raises(ValueError, match="since must be"):
        Subscription("viewer", [CREATED], url=URL, since=since)


@pytest.mark.parametrize("since", [None, "next"])
def test_to_begin_with_what_comes_next_is_no_replay(since: Since) -> None:
    assert start_of(since) is None


def test_the_same_instant_in_another_zone_is_the_same_past() -> None:
    berlin = datetime.fromisoformat("2026-11-23T11:00:00+01:00")
    london = datetime.fromisoformat("2026-11-23T10:00:00+00:00")

    first, second = start_of(berlin), start_of(london)

    assert first is not None
    assert second is not None
    assert first.text == second.text


def test_the_embedded_bus_is_refused_with_a_reason() -> None:
    with pytest.raises(ValueError, match="over AMQP"):
        Subscription("viewer", [CREATED], url="sqlite:////data/bus.db")


def test_without_a_url_the_environment_says_where_the_broker_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARCHIVE_BUS_URL", URL)

    assert not Subscription("viewer", [CREATED]).is_connected


def test_without_any_url_it_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ARCHIVE_BUS_URL", raising=False)

    with pytest.raises(KeyError, match="ARCHIVE_BUS_URL"):
        Subscription("viewer", [CREATED])


def test_the_platforms_own_package_offers_the_same() -> None:
    assert archive_shared.subscribe.Subscription is archive_subscriber.Subscription
    assert set(archive_shared.subscribe.__all__) == set(archive_subscriber.__all__)
