"""How attempts are counted, how long the pauses are, and that both survive in a message's headers."""

from datetime import UTC, datetime, timedelta

import pytest

from archive_subscriber import Retries, TryLater, Unusable
from archive_subscriber.retries import History, describe, history_in, without_history

RETRIES = Retries(attempts=3, first_pause_s=1.0, longest_pause_s=10.0)


def after(*errors: Exception) -> History:
    history = History()
    for error in errors:
        history = history.after(error, RETRIES)
    return history


@pytest.mark.parametrize(
    ("failures", "pause_s"), [(1, 1.0), (2, 2.0), (3, 4.0), (4, 8.0), (5, 10.0), (5000, 10.0)]
)
def test_pauses_double_up_to_the_longest_and_are_spread(failures: int, pause_s: float) -> None:
    pauses = [RETRIES.pause_s(failures) for _ in range(100)]

    assert pause_s / 2 <= min(pauses) < max(pauses) <= pause_s


def test_so_many_failures_are_poison() -> None:
    error = ValueError("no")

    assert not after(error, error).is_poison(RETRIES)
    assert after(error, error, error).is_poison(RETRIES)


@pytest.mark.parametrize("error", [TryLater(), ConnectionResetError(), TimeoutError()])
def test_what_is_not_its_fault_is_never_poison(error: Exception) -> None:
    history = after(*[error] * 10)

    assert not history.is_poison(RETRIES)
    assert history.tries == 10


def test_the_unusable_is_poison_at_once() -> None:
    assert after(Unusable("no")).is_poison(RETRIES)


def test_an_event_waits_until_it_is_due() -> None:
    assert 0.4 < after(ValueError("no")).wait_s(RETRIES) <= 1.0


def test_it_never_waits_longer_than_the_longest_pause_whatever_other_clocks_say() -> None:
    assert History(due=datetime.now(UTC) + timedelta(days=1)).wait_s(RETRIES) == 10.0


def test_what_is_due_or_was_never_tried_does_not_wait() -> None:
    assert History(due=datetime.now(UTC) - timedelta(days=1)).wait_s(RETRIES) == 0.0
    assert History().wait_s(RETRIES) == 0.0


@pytest.mark.parametrize("history", [after(ValueError("no"), TimeoutError()), History(failures=1)])
def test_a_history_survives_in_headers(history: History) -> None:
    assert history_in({"ce-id": "1"} | history.to_headers()) == history


def test_a_message_without_history_has_none() -> None:
    assert history_in({"ce-id": "1"}) == History()


def test_a_history_can_be_taken_off() -> None:
    assert without_history({"ce-id": "1"} | after(ValueError("no")).to_headers()) == {"ce-id": "1"}


def test_reasons_are_one_short_line() -> None:
    assert describe(ValueError("a\nb")) == "ValueError: a b"
    assert len(describe(ValueError("x" * 10_000))) == 500
