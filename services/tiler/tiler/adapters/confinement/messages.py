"""How a confined process asks for bytes of its files over a socket, and how it is answered.

A request is its length and JSON. An answer is a status, the length of what follows, and that; a file of this machine comes
along as a descriptor, so that its bytes need not be sent at all.
"""

import json
import socket
import struct
from collections.abc import Mapping
from enum import IntEnum
from typing import Any

SOCKET = "files.sock"
"""Name of the socket, in the folder of an order."""

MOST_READ_BYTES = 16 << 20
"""Of one request; those who want more ask again."""

_REQUEST = struct.Struct("!I")
_ANSWER = struct.Struct("!BQ")
_LONGEST_REQUEST = 1 << 16


class Status(IntEnum):
    """What an answer is: what was asked for, a reason why the image cannot be read, or nothing that is the image's fault."""

    GIVEN = 0
    UNREADABLE = 1
    FAILED = 2


class Gone(Exception):
    """The other side has ended, or does not keep to the rules."""


def ask(connection: socket.socket, request: Mapping[str, Any]) -> tuple[Status, bytes, int | None]:
    """Send a request; return the answer and, if one came along, a descriptor."""
    body = json.dumps(request).encode()
    connection.sendall(_REQUEST.pack(len(body)) + body)
    head, descriptors, _, _ = socket.recv_fds(connection, _ANSWER.size, 1)
    head += _exactly(connection, _ANSWER.size - len(head))
    status, length = _ANSWER.unpack(head)
    return Status(status), _exactly(connection, length), descriptors[0] if descriptors else None


def receive(connection: socket.socket) -> Any:
    """Return the next request, None when there are no more."""
    head = connection.recv(_REQUEST.size, socket.MSG_WAITALL)
    if not head:
        return None
    if len(head) < _REQUEST.size or (length := _REQUEST.unpack(head)[0]) > _LONGEST_REQUEST:
        raise Gone
    return json.loads(_exactly(connection, length))


def answer(connection: socket.socket, status: Status, body: bytes, descriptor: int | None = None) -> None:
    """Answer a request."""
    head = _ANSWER.pack(status, len(body))
    if descriptor is None:
        connection.sendall(head)
    else:
        socket.send_fds(connection, [head], [descriptor])
    connection.sendall(body)


def _exactly(connection: socket.socket, length: int) -> bytes:
    body = bytearray(length)
    rest = memoryview(body)
    while rest:
        received = connection.recv_into(rest)
        if not received:
            raise Gone
        rest = rest[received:]
    return bytes(body)
