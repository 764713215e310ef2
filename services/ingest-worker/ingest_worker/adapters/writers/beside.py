"""Threads for work beside other work, unless that is so little that starting one would cost more."""

from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import Any, Final

from ingest_worker.domain.budget import MIB

WORTH_A_THREAD_BYTES: Final = MIB


def worth_threads(size_bytes: int) -> bool:
    """Tell whether so many bytes take longer to digest or compress than threads take to start."""
    return size_bytes > WORTH_A_THREAD_BYTES


def one_beside(size_bytes: int) -> Executor:
    """Return what runs functions, one after another, that handle so many bytes in all."""
    return ThreadPoolExecutor(1) if worth_threads(size_bytes) else _AtOnce()


class _AtOnce(Executor):
    """Runs functions in the thread that hands them in."""

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(function(*arguments, **named))
        return future
