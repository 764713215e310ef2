"""Pauses before a part is started again."""

from archive_gateway.restarts import RestartPauses


def test_pauses_double_up_to_the_longest() -> None:
    pauses = RestartPauses(first_s=1, longest_s=5, calm_after_s=60)

    assert [pauses.next_s(ran_for_s=0) for _ in range(5)] == [1, 2, 4, 5, 5]


def test_a_calm_run_begins_anew() -> None:
    pauses = RestartPauses(first_s=1, longest_s=5, calm_after_s=60)
    pauses.next_s(ran_for_s=0)
    pauses.next_s(ran_for_s=0)

    assert pauses.next_s(ran_for_s=60) == 1
    assert pauses.next_s(ran_for_s=59) == 2


def test_any_number_of_crashes_has_a_pause() -> None:
    pauses = RestartPauses()

    assert max(pauses.next_s(ran_for_s=0) for _ in range(5000)) == pauses.longest_s
