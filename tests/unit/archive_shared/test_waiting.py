"""Sockets whose waiting the kernel ends."""

import socket
import struct
import time
from collections.abc import Iterator

import pytest

from archive_shared.waiting import receive_within, send_within


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    here, there = socket.socketpair()
    with here, there:
        yield here, there


def test_receiving_ends_when_nothing_comes(ends: tuple[socket.socket, socket.socket]) -> None:
    receive_within(ends[0], 0.05)
    began_s = time.monotonic()

    with pytest.raises(BlockingIOError):
        ends[0].recv(1)

    assert time.monotonic() - began_s > 0.04


def test_receiving_gives_what_comes_in_time(ends: tuple[socket.socket, socket.socket]) -> None:
    receive_within(ends[0], 10)

    ends[1].send(b"a")

    assert ends[0].recv(1) == b"a"


def test_sending_ends_when_nobody_takes_it(ends: tuple[socket.socket, socket.socket]) -> None:
    send_within(ends[0], 0.05)

    with pytest.raises(BlockingIOError):
        ends[0].sendall(bytes(10_000_000))


@pytest.mark.parametrize("wait_s", [0.0, 0.25, 60.0, 1.999999])
def test_the_kernel_is_told_the_time(ends: tuple[socket.socket, socket.socket], wait_s: float) -> None:
    receive_within(ends[0], 5)

    receive_within(ends[0], wait_s)

    told = ends[0].getsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, 16)
    seconds, microseconds = struct.unpack("@ll", told)
    assert seconds + microseconds / 1e6 == pytest.approx(wait_s, abs=0.01)
