"""What pika makes of a connection that is reset the moment it is made."""

from collections.abc import Iterator
from contextlib import contextmanager

from pika.exceptions import AMQPConnectionError


@contextmanager
def resets_as_such() -> Iterator[None]:
    """Raise `AMQPConnectionError` for the `ValueError` with which pika says that a new socket has no peer any more."""
    try:
        yield
    except ValueError as error:
        raise AMQPConnectionError(str(error)) from error
