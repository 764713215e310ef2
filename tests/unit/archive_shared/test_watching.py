"""Watching a process: whether it lives, whether it is well and why not, and what it measures."""

import json
import urllib.request
from collections.abc import Sequence
from dataclasses import replace
from urllib.error import HTTPError

import pytest

from archive_shared import watching
from archive_shared.health_check import ask
from archive_shared.metrics import OUTBOX, Sample
from archive_shared.settings import PlatformSettings
from archive_shared.watching import watched
from tests.support.processes import free_port, is_listening

EMBEDDED = PlatformSettings(
    public_url="http://site.test",
    documents_url="sqlite:////data/documents",
    bus_url="sqlite:////data/bus.db",
    blobs_url="file:///data/blobs",
    secret=b"",
)


@pytest.fixture
def settings() -> PlatformSettings:
    return replace(EMBEDDED, watch_port=free_port())


def get(settings: PlatformSettings, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{settings.watch_port}{path}", timeout=10) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_a_process_that_is_well_says_so(settings: PlatformSettings) -> None:
    with watched("a-relay", settings):
        assert get(settings, "/livez") == (200, '{"status": "ok"}')
        assert get(settings, "/readyz") == (200, '{"status": "ok"}')
        assert 'archive_process_healthy{process="a-relay"} 1\n' in get(settings, "/metrics")[1]


def test_a_process_that_is_not_well_says_why(settings: PlatformSettings) -> None:
    with watched("a-consumer", settings) as health:
        health.turn_red("too much poison")

        status, body = get(settings, "/readyz")
        assert (status, json.loads(body)["reasons"]) == (503, ["too much poison"])
        assert get(settings, "/livez")[0] == 200
        assert 'archive_process_healthy{process="a-consumer"} 0\n' in get(settings, "/metrics")[1]


def test_a_process_that_reaches_no_server_is_not_well(
    settings: PlatformSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody(_: PlatformSettings) -> Sequence[str]:
        return ["rabbitmq:5672"]

    monkeypatch.setattr(watching, "unreachable", nobody)

    with watched("a-worker", settings):
        status, body = get(settings, "/readyz")

    assert (status, json.loads(body)["reasons"]) == (503, ["rabbitmq:5672 is not reachable"])


def test_the_health_check_of_containers_asks_the_process(settings: PlatformSettings) -> None:
    assert "does not answer" in str(ask(settings.watch_port))

    with watched("a-consumer", settings) as health:
        assert ask(settings.watch_port) is None
        health.turn_red("too much poison")
        assert "too much poison" in str(ask(settings.watch_port))


def test_what_a_process_measures_is_measured_when_asked(settings: PlatformSettings) -> None:
    waiting = [3.0]

    with watched("a-relay", settings, lambda: [Sample(OUTBOX, {}, waiting[0])]):
        assert "archive_outbox_documents 3.0\n" in get(settings, "/metrics")[1]
        waiting[0] = 4.0
        assert "archive_outbox_documents 4.0\n" in get(settings, "/metrics")[1]


def test_there_is_nothing_else(settings: PlatformSettings) -> None:
    with watched("a-relay", settings):
        assert get(settings, "/secrets")[0] == 404


def test_the_port_is_free_afterwards(settings: PlatformSettings) -> None:
    with watched("a-relay", settings):
        pass

    assert not is_listening(settings.watch_port)


def test_without_a_port_a_process_works_unwatched() -> None:
    with watched("a-relay", EMBEDDED) as health:
        assert health.reasons() == []


def test_when_the_port_is_taken_a_process_works_unwatched(settings: PlatformSettings) -> None:
    with watched("first", settings), watched("second", settings) as health:
        assert health.reasons() == []
        assert 'process="first"' in get(settings, "/metrics")[1]
