"""Settings that every service reads."""

import pytest
from environs import EnvError

from archive_shared.settings import SHORTEST_SECRET, read_platform_settings


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PUBLIC_URL", "DOCUMENTS_URL", "BUS_URL", "BLOBS_URL"):
        monkeypatch.setenv(f"ARCHIVE_{name}", "somewhere")


def test_a_secret_that_can_be_guessed_is_refused_by_name_and_not_repeated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ARCHIVE_SECRET", "hunter2")

    with pytest.raises(EnvError, match="ARCHIVE_SECRET") as refused:
        read_platform_settings()

    assert "hunter2" not in str(refused.value)


def test_a_secret_of_the_shortest_length_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARCHIVE_SECRET", "s" * SHORTEST_SECRET)

    assert read_platform_settings().secret == b"s" * SHORTEST_SECRET
