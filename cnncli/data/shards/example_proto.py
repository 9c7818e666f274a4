"""The message `tf.train.Example`: features found in its bytes with their places, and written. No TensorFlow.

    Example  { Features features = 1; }                Features  { map<string, Feature> feature = 1; }
    Feature  { BytesList = 1 | FloatList = 2 | Int64List = 3 }, each of which has `repeated value = 1`

Where the bytes of a value lie is what makes random access cheap: an image is read from there, and no message is parsed.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

BYTES, FLOATS, INTEGERS = "bytes", "float", "int64"
_KINDS = {1: BYTES, 2: FLOATS, 3: INTEGERS}
_VARINT, _LENGTH, _FOUR, _EIGHT = 0, 2, 5, 1  # wire types


@dataclass(frozen=True, slots=True)
class Feature:
    """A feature of an example.

    Attributes:
        kind: `bytes`, `float` or `int64`; empty where the feature has no list at all.
        spans: (begin, end) in the message of each value of bytes; of the values of packed numbers, of which there is one
            stretch; of each number that is not packed.
        is_packed: whether numbers lie one after the other.
    """

    kind: str
    spans: tuple[tuple[int, int], ...]
    is_packed: bool = True


class BadExample(Exception):
    """A message that is no `tf.train.Example`."""


def features_of(message: bytes) -> dict[str, Feature]:
    """The features of an example by name.

    Raises:
        BadExample: the bytes are no such message.
    """
    found: dict[str, Feature] = {}
    try:
        for number, begin, end in _fields(message, 0, len(message)):
            if number == 1:
                for inner, first, last in _fields(message, begin, end):
                    if inner == 1:
                        name, feature = _entry(message, first, last)
                        found[name] = feature
    except (IndexError, struct.error, UnicodeDecodeError) as error:
        raise BadExample("its bytes are no `tf.train.Example`") from error
    return found


def values_of(message: bytes, feature: Feature) -> list[bytes] | NDArray[Any]:
    """All values of a feature: bytes, float32 or int64."""
    if feature.kind == BYTES:
        return [message[begin:end] for begin, end in feature.spans]
    return numbers_of([message[begin:end] for begin, end in feature.spans], feature.kind)


def numbers_of(stretches: Sequence[bytes], kind: str) -> NDArray[Any]:
    """The numbers in the bytes of their spans, float32 or int64."""
    content = b"".join(stretches)
    return np.frombuffer(content, "<f4") if kind == FLOATS else _varints(content)


def write_example(features: Mapping[str, bytes | str | NDArray[Any]]) -> bytes:
    """A message with these features: bytes, texts as UTF-8, floats as float32, integers as int64; names sorted."""
    entries = b"".join(
        _field(1, _field(1, name.encode()) + _field(2, _feature(value))) for name, value in sorted(features.items())
    )
    return _field(1, entries)


def _feature(value: bytes | str | NDArray[Any]) -> bytes:
    if isinstance(value, str):
        value = value.encode()
    if isinstance(value, bytes):
        return _field(1, _field(1, value))
    if value.dtype.kind == "f":
        return _field(2, _field(1, np.ascontiguousarray(value, "<f4").tobytes()))
    return _field(3, _field(1, b"".join(_varint(number & (1 << 64) - 1) for number in value.ravel().tolist())))


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | _LENGTH) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)


def _fields(message: bytes, begin: int, end: int) -> Iterator[tuple[int, int, int]]:
    """(number, begin, end) of each field with a length; others are passed over, those of numbers too."""
    while begin < end:
        key, begin = _read_varint(message, begin)
        wire = key & 7
        if wire == _LENGTH:
            length, begin = _read_varint(message, begin)
            if begin + length > end:
                raise IndexError
            yield key >> 3, begin, begin + length
            begin += length
        else:
            begin = _after(message, begin, wire)


def _after(message: bytes, begin: int, wire: int) -> int:
    if wire == _VARINT:
        return _read_varint(message, begin)[1]
    if wire in (_FOUR, _EIGHT):
        return begin + (4 if wire == _FOUR else 8)
    raise IndexError


def _entry(message: bytes, begin: int, end: int) -> tuple[str, Feature]:
    name, feature = "", Feature("", ())
    for number, first, last in _fields(message, begin, end):
        if number == 1:
            name = message[first:last].decode()
        elif number == 2:
            for kind, list_begin, list_end in _fields(message, first, last):
                if kind in _KINDS:
                    feature = _list(message, list_begin, list_end, _KINDS[kind])
    return name, feature


def _list(message: bytes, begin: int, end: int, kind: str) -> Feature:
    spans: list[tuple[int, int]] = []
    is_packed = True
    while begin < end:
        key, begin = _read_varint(message, begin)
        if key & 7 == _LENGTH:
            length, begin = _read_varint(message, begin)
            after = begin + length
        else:
            after, is_packed = _after(message, begin, key & 7), False
        if after > end or (kind == FLOATS and (after - begin) % 4):
            raise IndexError
        spans.append((begin, after))
        begin = after
    return Feature(kind, tuple(spans), is_packed)


def _read_varint(message: bytes, begin: int) -> tuple[int, int]:
    value = message[begin]
    begin += 1
    if value < 0x80:
        return value, begin
    value &= 0x7F
    for shift in range(7, 70, 7):
        byte = message[begin]
        begin += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, begin
    raise IndexError


def _varints(content: bytes) -> NDArray[np.int64]:
    data = np.frombuffer(content, np.uint8)
    if len(data) < 2 and data.max(initial=0) < 0x80:
        return data.astype(np.int64)
    ends = np.flatnonzero(data < 0x80)
    if not len(ends) or ends[-1] != len(data) - 1:
        raise BadExample("its integers are cut off")
    begins = np.concatenate([[0], ends[:-1] + 1])
    places = np.arange(len(data)) - np.repeat(begins, ends - begins + 1)
    if places.max() > 9:
        raise BadExample("its integers have more than 64 bits")
    parts = (data & np.uint8(0x7F)).astype(np.uint64) << (np.uint64(7) * places.astype(np.uint64))
    return np.add.reduceat(parts, begins).view(np.int64)
