"""What becomes of a message whose handler raised, and when it is the code that is broken."""

import pytest

from archive_shared.errors import Invalid, NotFound, Unavailable
from archive_shared.messaging.errors import TooMuchPoison
from archive_shared.messaging.poison_share import AT_LEAST, WINDOW, PoisonShare
from archive_shared.messaging.verdicts import History, Poison, RetryLater, RetryPolicy, describe, judge
from archive_shared.wire.cloud_events import Undecodable

POLICY = RetryPolicy(first_pause_s=1, longest_pause_s=60, most_failures=3)


def after(*errors: Exception) -> History:
    history = History()
    for error in errors:
        history = history.after(error)
    return history


@pytest.mark.parametrize("error", [Undecodable("no event"), Invalid({"title": ["too long"]})])
def test_the_hopeless_is_poison_at_once(error: Exception) -> None:
    assert isinstance(judge(error, after(error), POLICY), Poison)


@pytest.mark.parametrize("error", [Unavailable("db"), ConnectionRefusedError(), TimeoutError()])
def test_an_outage_is_never_held_against_a_message(error: Exception) -> None:
    assert isinstance(judge(error, after(*[error] * 100), POLICY), RetryLater)


def test_other_failures_are_tried_a_few_times() -> None:
    error = NotFound("not yet")

    verdicts = [judge(error, after(*[error] * times), POLICY) for times in (1, 2, 3)]

    assert [type(verdict) for verdict in verdicts] == [RetryLater, RetryLater, Poison]


def test_failures_count_outages_in_between_do_not() -> None:
    error, outage = NotFound("not yet"), Unavailable("db")

    assert isinstance(judge(error, after(error, outage, outage, error), POLICY), RetryLater)
    assert isinstance(judge(error, after(error, outage, error, error), POLICY), Poison)


@pytest.mark.parametrize(("times", "shortest_s", "longest_s"), [(1, 0.5, 1), (3, 2, 4), (20, 30, 60)])
def test_pauses_double_up_to_the_longest(times: int, shortest_s: float, longest_s: float) -> None:
    outage = Unavailable("db")

    verdict = judge(outage, after(*[outage] * times), POLICY)

    assert isinstance(verdict, RetryLater)
    assert shortest_s <= verdict.after_s <= longest_s


def test_a_reason_is_one_short_line() -> None:
    reason = describe(LookupError("first\nsecond " + "x" * 1000))

    assert reason.startswith("LookupError: first second xxx")
    assert len(reason) == 500


def test_a_few_poisoned_messages_prove_nothing() -> None:
    share = PoisonShare()

    for _ in range(AT_LEAST - 1):
        share.note(poison=True)


def test_many_do() -> None:
    share = PoisonShare()
    for _ in range(AT_LEAST - 1):
        share.note(poison=True)

    with pytest.raises(TooMuchPoison, match=f"{AT_LEAST} of the last {AT_LEAST}"):
        share.note(poison=True)


def test_half_of_them_does_not() -> None:
    share = PoisonShare()

    for _ in range(100):
        share.note(poison=False)
        share.note(poison=True)


def test_what_was_long_ago_does_not_count() -> None:
    share = PoisonShare()
    for _ in range(1000):
        share.note(poison=False)

    for _ in range(WINDOW // 2):
        share.note(poison=True)
    with pytest.raises(TooMuchPoison):
        share.note(poison=True)
