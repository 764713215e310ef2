"""Measuring on a machine that others use too, so that the result says something about the code.

Contestants take turns, round after round, and each round starts with another one; so whatever else happens on the
machine hits all of them alike. What counts is the median over the rounds, and above all the median of the ratios *within* the
rounds. A contestant that must not inherit warm caches or threads runs in a process of its own (`fresh`).

    comparison = compare({"ours": lambda: measure(ours), "bare": lambda: measure(bare)}, rounds=7)
    print(table(comparison, against="bare"))
"""

import math
import multiprocessing
import os
import platform
import statistics
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

Figures = Mapping[str, float]
"""What one contestant measured in one round, by a name that says the unit, such as `events per s` or `p99 ms`."""

Measure = Callable[[], Figures]


@dataclass(frozen=True)
class Comparison:
    """What every contestant measured, one entry per round, and how busy the machine was.

    Parameters
    ----------
    loads
        Load average of the last minute, before the first round and after each one; it includes this benchmark.
    """

    figures: Mapping[str, Sequence[Figures]]
    loads: Sequence[float]

    def values(self, contestant: str, figure: str) -> list[float]:
        return [measured[figure] for measured in self.figures[contestant]]

    def median(self, contestant: str, figure: str) -> float:
        return statistics.median(self.values(contestant, figure))

    def ratio(self, contestant: str, peer: str, figure: str) -> float:
        """Return the median of the ratios within the rounds; load that lasts a round cancels out."""
        pairs = zip(self.values(contestant, figure), self.values(peer, figure), strict=True)
        return statistics.median(ours / theirs if theirs else math.nan for ours, theirs in pairs)


def compare(contestants: Mapping[str, Measure], *, rounds: int, warm_up: bool = True) -> Comparison:
    """Let contestants take turns; a warm-up round before the others does not count."""
    names = list(contestants)
    figures: dict[str, list[Figures]] = {name: [] for name in names}
    loads = [_load()]
    if warm_up:
        for name in names:
            contestants[name]()
    for number in range(rounds):
        for name in _turned(names, number):
            figures[name].append(contestants[name]())
        loads.append(_load())
    return Comparison(figures, loads)


def fresh(measure: Callable[..., Figures], *arguments: object) -> Measure:
    """Return a measurement that starts a new interpreter each time; function and arguments must be picklable.

    Arguments that are functions are called here each time, to make what must be new in each round.
    """

    def measure_in_new_process() -> Figures:
        values = [argument() if callable(argument) else argument for argument in arguments]
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process:
            return process.submit(measure, *values).result()

    return measure_in_new_process


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the smallest value that so many percent of the values do not exceed."""
    ranked = sorted(values)
    return ranked[max(math.ceil(len(ranked) * percent / 100) - 1, 0)]


def table(comparison: Comparison, *, against: str | None = None) -> str:
    """Write medians as a Markdown table, with ratios to a peer in parentheses."""
    titles = list(dict.fromkeys(name for rounds in comparison.figures.values() for name in rounds[0]))
    lines = ["| | " + " | ".join(titles) + " |", "|---" * (len(titles) + 1) + "|"]
    for name, rounds in comparison.figures.items():
        cells = [_cell(comparison, name, title, against) if title in rounds[0] else "" for title in titles]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def conditions(comparison: Comparison) -> str:
    """Say in one line how often was measured, on what, and how busy it was."""
    rounds = len(next(iter(comparison.figures.values())))
    loads = comparison.loads
    return (
        f"Medians of {rounds} interleaved rounds; {os.cpu_count()} cores ({platform.machine()}), Python "
        f"{platform.python_version()}; load average {loads[0]:.1f} before, {min(loads[1:]):.1f} to {max(loads[1:]):.1f} meanwhile."
    )


def _cell(comparison: Comparison, name: str, title: str, against: str | None) -> str:
    text = f"{comparison.median(name, title):,.4g}"
    comparable = against is not None and name != against and title in comparison.figures[against][0]
    return f"{text} ({comparison.ratio(name, against, title):.2f} x)" if against and comparable else text


def _turned(names: Sequence[str], by: int) -> list[str]:
    first = by % len(names)
    return [*names[first:], *names[:first]]


def _load() -> float:
    return os.getloadavg()[0]
