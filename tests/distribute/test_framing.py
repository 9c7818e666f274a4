"""Messages are cut out of a stream, and bytes that are no messages are refused."""

import socket
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnncli.distribute.framing import MOST_BYTES, BadMessage, Closed, Unpacker, packed, receive, send

TOO_LONG = struct.pack(">I", MOST_BYTES + 1)


@given(
    st.lists(st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=9), max_size=3), max_size=4),
    st.integers(1, 7),
)
def test_messages_arrive_whole_in_any_pieces(messages, size):
    data = b"".join(map(packed, messages))
    unpacker = Unpacker()
    pieces = [data[start : start + size] for start in range(0, len(data), size)]
    assert [message for piece in pieces for message in unpacker.feed(piece)] == messages


@given(st.binary(max_size=40))
def test_other_bytes_are_refused_or_waited_for(data):
    try:
        messages = Unpacker().feed(data)
    except BadMessage:
        return
    assert all(isinstance(message, dict) for message in messages)


@pytest.mark.parametrize(
    "data", [TOO_LONG, b"\x00\x00\x00\x02[]", b"\x00\x00\x00\x01{", b"\x00\x01\x00\x00" + b"[" * 65536]
)
def test_bad_messages(data):
    with pytest.raises(BadMessage):
        Unpacker().feed(data)
    here, there = socket.socketpair()
    with here, there:
        there.sendall(data)
        with pytest.raises(BadMessage):
            receive(here, 1)


def test_too_long_message_is_not_sent():
    with pytest.raises(ValueError, match="at most 1048576 bytes"):
        packed({"text": "x" * MOST_BYTES})


def test_message_that_does_not_come_ends_in_time():
    here, there = socket.socketpair()
    with here, there:
        there.sendall(b"\x00\x00")
        with pytest.raises(TimeoutError):
            receive(here, 0.05)


def test_closed_connection():
    here, there = socket.socketpair()
    with here:
        send(there, {"last": 1}, 1)
        there.sendall(packed({"cut": 2})[:-1])
        there.close()
        assert receive(here, 1) == {"last": 1}
        with pytest.raises(Closed):
            receive(here, 1)
