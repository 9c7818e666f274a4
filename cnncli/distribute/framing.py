"""Messages over a stream socket: four bytes of length, then a JSON object."""

from __future__ import annotations

import json
import socket
import struct
import time
from typing import Any

MOST_BYTES = 1 << 20

_LENGTH = struct.Struct(">I")


class BadMessage(Exception):
    """The bytes are no message of this protocol."""


class Closed(Exception):
    """The other side closed the connection."""


def packed(message: dict[str, Any]) -> bytes:
    """The bytes of a message.

    Raises:
        ValueError: the message is longer than `MOST_BYTES`.
    """
    body = json.dumps(message, separators=(",", ":")).encode()
    if len(body) > MOST_BYTES:
        raise ValueError(f"a message has at most {MOST_BYTES} bytes, got {len(body)}")
    return _LENGTH.pack(len(body)) + body


class Unpacker:
    """Cuts the bytes of a stream into messages."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def feed(self, data: bytes) -> list[dict[str, Any]]:
        """Add received bytes and take the messages that are complete.

        Raises:
            BadMessage: a length is too large, or a body is no JSON object.
        """
        self._bytes += data
        messages = []
        while len(self._bytes) >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._bytes)
            if length > MOST_BYTES:
                raise BadMessage(f"a length of {length} bytes")
            end = _LENGTH.size + length
            if len(self._bytes) < end:
                break
            messages.append(_object(bytes(self._bytes[_LENGTH.size : end])))
            del self._bytes[:end]
        return messages


def _object(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadMessage("not JSON") from error
    if not isinstance(value, dict):
        raise BadMessage("not a JSON object")
    return value


def send(connection: socket.socket, message: dict[str, Any], seconds: float) -> None:
    """Send a message.

    Raises:
        OSError: the connection is broken, or the other side does not read for `seconds` (`TimeoutError`).
    """
    connection.settimeout(seconds)
    connection.sendall(packed(message))


def receive(connection: socket.socket, seconds: float) -> dict[str, Any]:
    """Wait for one message, and read no byte after it.

    Raises:
        OSError: the connection is broken, or the message is not complete after `seconds` (`TimeoutError`).
        Closed: the other side closed the connection.
        BadMessage: the bytes are no message.
    """
    until = time.monotonic() + seconds
    (length,) = _LENGTH.unpack(_exactly(connection, _LENGTH.size, until))
    if length > MOST_BYTES:
        raise BadMessage(f"a length of {length} bytes")
    return _object(_exactly(connection, length, until))


def _exactly(connection: socket.socket, count: int, until: float) -> bytes:
    data = bytearray()
    while len(data) < count:
        connection.settimeout(max(until - time.monotonic(), 0.001))
        part = connection.recv(count - len(data))
        if not part:
            raise Closed
        data += part
    return bytes(data)
