"""Parts of a service in threads, for the length of a test."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def running(*parts: Callable[[threading.Event], None]) -> Iterator[threading.Event]:
    """Run parts; give the event that stops them."""
    stop = threading.Event()
    threads = [threading.Thread(target=part, args=(stop,), daemon=True) for part in parts]
    for thread in threads:
        thread.start()
    try:
        yield stop
    finally:
        stop.set()
        for thread in threads:
            thread.join(30)
        assert not any(thread.is_alive() for thread in threads)
