"""What the two programs of the slide worker have in common: progress in thousandths, and refusals as failures."""

from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from archive_shared.errors import NotFound
from archive_shared.jobs import child
from tiler.domain.problems import UnreadableImage

Run = Callable[[Mapping[str, Any], Callable[[int], None]], dict[str, Any]]


def run(do: Run) -> NoReturn:
    """Do one piece of work as the worker orders, and exit."""

    def work(payload: Mapping[str, Any], report: child.Report) -> Mapping[str, Any]:
        try:
            return do(payload, Thousandths(report).show)
        except UnreadableImage as error:
            raise child.Unprocessable(error.reason) from error
        except NotFound as error:
            raise child.Unprocessable("A file of the slide is not there any more.") from error

    child.run(work)


class Thousandths:
    """Reports each step once; a conversion tells of every megabyte."""

    def __init__(self, report: child.Report) -> None:
        self._report, self._told = report, 0

    def show(self, done: int) -> None:
        if done > self._told:
            self._told = done
            self._report.progress({"done": done})
