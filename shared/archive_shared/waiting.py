"""Sockets whose waiting the kernel ends: for the worker of gunicorn, and for reading from S3.

With a timeout of Python's own every call is two of the system's, poll(2) first. At each, a thread lets go of the
interpreter and has to win it back from the others, which costs more than the call.
"""

import socket
import struct


def receive_within(connection: socket.socket, wait_s: float) -> None:
    """Let receiving raise `BlockingIOError` if nothing comes within this time; for a blocking socket without TLS."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, _timeval(wait_s))


def send_within(connection: socket.socket, wait_s: float) -> None:
    """Let sending raise `BlockingIOError` if nothing can be sent for this time; for a blocking socket without TLS."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _timeval(wait_s))


def _timeval(wait_s: float) -> bytes:
    """Return a `struct timeval` (socket(7)); zero waits for ever."""
    seconds, microseconds = divmod(round(wait_s * 1_000_000), 1_000_000)
    return struct.pack("@ll", seconds, microseconds)
