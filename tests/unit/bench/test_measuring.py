"""The harness of the benchmarks: fair turns, honest medians, ratios within rounds."""

import os

import pytest

from bench.measuring import Comparison, Figures, compare, conditions, fresh, percentile, table


def test_contestants_take_turns_and_each_round_starts_with_another_one() -> None:
    turns: list[str] = []

    def turn(name: str) -> Figures:
        turns.append(name)
        return {"per s": 1.0}

    compare({"a": lambda: turn("a"), "b": lambda: turn("b")}, rounds=2)

    assert turns == ["a", "b", "a", "b", "b", "a"]


def test_the_warm_up_does_not_count() -> None:
    taken = iter([100.0, 1.0, 2.0, 3.0])

    comparison = compare({"a": lambda: {"ms": next(taken)}}, rounds=3)

    assert comparison.values("a", "ms") == [1.0, 2.0, 3.0]
    assert comparison.median("a", "ms") == 2.0


def test_ratios_are_taken_within_rounds_so_that_a_slow_one_cancels_out() -> None:
    measured = {"ours": [{"per s": 8.0}, {"per s": 0.8}, {"per s": 9.0}]}
    measured["bare"] = [{"per s": 10.0}, {"per s": 1.0}, {"per s": 10.0}]

    comparison = Comparison(measured, loads=[1.0, 1.0, 9.0, 1.0])

    assert comparison.ratio("ours", "bare", "per s") == pytest.approx(0.8)


def test_the_table_shows_figures_not_everybody_has() -> None:
    comparison = Comparison(
        {"ours": [{"per s": 50.0, "p99 ms": 2.0}], "bare": [{"per s": 100.0}]}, loads=[0.5, 0.7]
    )

    lines = table(comparison, against="bare").splitlines()

    assert lines[2:] == ["| ours | 50 (0.50 x) | 2 |", "| bare | 100 |  |"]
    assert "load average 0.5 before, 0.7 to 0.7 meanwhile" in conditions(comparison)


def own_process(number: float) -> Figures:
    return {"pid": os.getpid(), "number": number}


def test_a_fresh_measurement_has_a_process_and_arguments_of_its_own() -> None:
    measure = fresh(own_process, iter([1.0, 2.0]).__next__)

    measured = [measure(), measure()]

    assert len({os.getpid(), *(each["pid"] for each in measured)}) == 3
    assert [each["number"] for each in measured] == [1.0, 2.0]


@pytest.mark.parametrize(("percent", "value"), [(50, 50), (99, 99), (100, 100), (0, 1)])
def test_a_percentile_is_a_value_that_was_measured(percent: float, value: float) -> None:
    assert percentile([float(number) for number in range(100, 0, -1)], percent) == value
