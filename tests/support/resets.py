"""Connections that are reset the moment they are made."""

import errno
import itertools
import socket

import pytest


def reset_connection(monkeypatch: pytest.MonkeyPatch, number: int = 1) -> None:
    """Have one of the connections made from now on end before anybody looks at it."""
    looks = itertools.count(1)
    look = socket.socket.getpeername

    def looked(sock: socket.socket) -> object:
        if next(looks) == number:
            raise OSError(errno.ENOTCONN, "not connected")
        return look(sock)

    monkeypatch.setattr(socket.socket, "getpeername", looked)
