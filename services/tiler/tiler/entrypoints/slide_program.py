"""What the tiler's programs have in common: progress in thousandths, and what became of an order in words."""

import errno
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NoReturn

import structlog

from archive_shared.errors import NotFound, Unavailable
from archive_shared.jobs import child
from tiler.domain.problems import ReadingStopped, UnreadableImage

log = structlog.get_logger()

Run = Callable[[Mapping[str, Any], Callable[[int], None]], dict[str, Any]]


def run(do: Run) -> NoReturn:
    """Do one piece of work as the worker orders, and exit."""

    def work(payload: Mapping[str, Any], report: child.Report) -> Mapping[str, Any]:
        with failures_in_words(gone="A file of the slide is not there any more."):
            return do(payload, Thousandths(report).show)

    child.run(work)


@contextmanager
def failures_in_words(*, gone: str) -> Iterator[None]:
    """Have the worker hear why an order was not done, in words that may be shown to the image's owner."""
    try:
        yield
    except UnreadableImage as error:
        raise child.Unprocessable(error.reason) from error
    except NotFound as error:
        raise child.Unprocessable(gone) from error
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise child.NotThisTime("The disk the tiler works on is full.") from error
    except ReadingStopped as error:
        raise child.NotThisTime(error.reason) from error
    except Unavailable as error:  # its own words may name machines
        log.warning("a store does not answer", error=str(error))
        raise child.StoreSilent("A store that the tiler works with does not answer.") from error


class Thousandths:
    """Reports each step once; a conversion tells of every megabyte."""

    def __init__(self, report: child.Report) -> None:
        self._report, self._told = report, 0

    def show(self, done: int) -> None:
        if done > self._told:
            self._told = done
            self._report.progress({"done": done})
