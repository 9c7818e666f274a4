"""CRC-32C (Castagnoli), the checksum of TFRecord files, of many records at a time."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

_POLYNOMIAL = 0x82F63B78  # reflected
_LANE = 256  # bytes that are gone through one after the other; lanes beside each other, then joined
_TILE = 8192  # lanes that fit into a processor's cache
_MASK_DELTA = 0xA282EAD8
_ALL = np.uint32(0xFFFFFFFF)

Table = NDArray[np.uint32]


def crc32c(records: Sequence[bytes | memoryview]) -> NDArray[np.uint32]:
    """The checksum of each record, uint32 (count,).

    The register before a record is all ones, which is the same as inverting its first four bytes; with a register of zeros,
    zeros in front of a record change nothing, so that all lanes have one length.
    """
    lanes = [1 << max(0, (-(-len(record) // _LANE) - 1)).bit_length() for record in records]
    found = np.empty(len(records), np.uint32)
    for count in set(lanes):
        rows = [row for row, lane_count in enumerate(lanes) if lane_count == count]
        found[rows] = _of_equal([records[row] for row in rows], count)
    return found


def masked_crc32c(records: Sequence[bytes | memoryview]) -> NDArray[np.uint32]:
    """The checksums as a TFRecord file has them, uint32 (count,)."""
    found = crc32c(records)
    return ((found >> np.uint32(15)) | (found << np.uint32(17))) + np.uint32(_MASK_DELTA)


def _of_equal(records: Sequence[bytes | memoryview], lane_count: int) -> NDArray[np.uint32]:
    """Of records that fit into so many lanes each."""
    width = lane_count * _LANE
    padded = np.zeros((len(records), width), np.uint8)
    begins = np.empty(len(records), np.int64)
    for row, record in enumerate(records):
        begins[row] = width - len(record)
        padded[row, begins[row] :] = np.frombuffer(record, np.uint8)
    short = np.flatnonzero(begins > width - 4)
    for row in np.flatnonzero(begins <= width - 4).tolist():
        padded[row, begins[row] : begins[row] + 4] ^= np.uint8(0xFF)
    words = padded.view("<u2").reshape(-1, _LANE // 2)  # (lanes, steps)
    state = np.concatenate([_of_lanes(words[first : first + _TILE]) for first in range(0, len(words), _TILE)])
    state = state.astype(np.uint32).reshape(len(records), lane_count)
    level = 0
    while state.shape[1] > 1:  # a lane, then as many zeros as its right neighbour has bytes, and the neighbour
        state = _apply(_shift(level), state[:, 0::2]) ^ state[:, 1::2]
        level += 1
    found = state[:, 0] ^ _ALL
    for row in short.tolist():
        found[row] = _of_few(bytes(records[row]))
    return found


def _of_lanes(words: NDArray[np.uint16]) -> NDArray[np.int64]:
    """The register after each lane of two bytes a step, (lanes, steps), from zero on; what is done in place is faster."""
    state = np.zeros(len(words), np.int64)
    index, looked_up = np.empty_like(state), np.empty_like(state)
    table = _of_two_bytes()
    for step in np.ascontiguousarray(words.T):
        np.bitwise_xor(state, step, out=index)
        np.bitwise_and(index, 0xFFFF, out=index)
        np.take(table, index, out=looked_up, mode="wrap")
        np.right_shift(state, 16, out=state)
        np.bitwise_xor(state, looked_up, out=state)
    return state


def _of_few(record: bytes) -> int:
    state, table = 0xFFFFFFFF, _of_one_byte()
    for byte in record:
        state = int(table[(state ^ byte) & 0xFF]) ^ (state >> 8)
    return state ^ 0xFFFFFFFF


@cache
def _of_one_byte() -> Table:
    table = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        table = np.where(table & 1, (table >> np.uint32(1)) ^ np.uint32(_POLYNOMIAL), table >> np.uint32(1))
    return table


@cache
def _of_two_bytes() -> NDArray[np.int64]:
    table, low = _of_one_byte(), np.arange(1 << 16, dtype=np.uint32)
    once = table[low & 0xFF] ^ (low >> np.uint32(8))
    found: NDArray[np.int64] = (table[once & np.uint32(0xFF)] ^ (once >> np.uint32(8))).astype(np.int64)
    return found


@cache
def _shift(level: int) -> Table:
    """What a register becomes by `_LANE * 2**level` bytes of zeros: (4, 256), by each of its bytes."""
    if level:
        half = _shift(level - 1)
        return np.stack([_apply(half, row) for row in half])
    values = np.arange(256, dtype=np.uint32)
    rows = [values << np.uint32(8 * place) for place in range(4)]
    table = _of_one_byte()
    for _ in range(_LANE):
        rows = [table[row & np.uint32(0xFF)] ^ (row >> np.uint32(8)) for row in rows]
    return np.stack(rows)


def _apply(shift: Table, state: NDArray[np.uint32]) -> NDArray[np.uint32]:
    low = np.uint32(0xFF)
    found: NDArray[np.uint32] = shift[0][state & low]
    for place in range(1, 4):
        found = found ^ shift[place][(state >> np.uint32(8 * place)) & low]
    return found
