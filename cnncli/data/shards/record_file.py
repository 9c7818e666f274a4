"""TFRecord files: records read with their places and checked, and written. No TensorFlow.

A record is its length (8 bytes), the checksum of these, its bytes, and the checksum of those; all little-endian.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

from cnncli.data.shards.crc32c import masked_crc32c
from cnncli.data.sources.paths import cannot_read
from cnncli.errors import DataError, Problem
from cnncli.messages import printable

_HEADER, _FOOTER = 12, 4  # bytes
_BATCH_BYTES, _BATCH_COUNT = 4 << 20, 4096  # of records that are checked in one go


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """A record of a file.

    Attributes:
        number: from 1, as lines are counted.
        begin: where its bytes begin in the file.
        content: its bytes.
    """

    number: int
    begin: int
    content: bytes


def read_records(path: str) -> Iterator[Record]:
    """Every record of a file, in order.

    Raises:
        DataError: the file cannot be read, is no TFRecord file, or a record of it is cut off or damaged.
    """
    try:
        with open(path, "rb") as file:
            for batch in _batches(path, file):
                _check(path, batch)
                yield from (record for record, _ in batch)
    except OSError as error:
        raise cannot_read(path, error) from error


def write_records(file: IO[bytes], contents: Iterable[bytes]) -> int:
    """Write records; returns how many."""
    count = 0
    batch: list[bytes] = []
    for content in contents:
        batch.append(content)
        count += 1
        if len(batch) == _BATCH_COUNT or len(content) > _BATCH_BYTES:
            _write(file, batch)
            batch = []
    _write(file, batch)
    return count


def _write(file: IO[bytes], batch: list[bytes]) -> None:
    lengths = [struct.pack("<Q", len(content)) for content in batch]
    of_lengths, of_contents = masked_crc32c(lengths).tolist(), masked_crc32c(batch).tolist()
    for length, first, content, second in zip(lengths, of_lengths, batch, of_contents, strict=True):
        file.write(length + struct.pack("<I", first) + content + struct.pack("<I", second))


def _batches(path: str, file: IO[bytes]) -> Iterator[list[tuple[Record, tuple[bytes, int, int]]]]:
    """Records with the bytes of their length, its checksum and that of their content, not yet compared."""
    end = Path(path).stat().st_size
    number, position, size = 1, 0, 0
    batch: list[tuple[Record, tuple[bytes, int, int]]] = []
    while position < end:
        header = file.read(_HEADER)
        if len(header) < _HEADER:
            raise DataError(_cut_off(path, number, position, end))
        length, of_length = struct.unpack("<QI", header)
        if position + _HEADER + length + _FOOTER > end:
            _check(path, batch)
            if masked_crc32c([header[:8]])[0] != of_length:
                raise DataError(_damaged(path, number, position, header, "its length"))
            raise DataError(_cut_off(path, number, position, end))
        content = file.read(length)
        footer = file.read(_FOOTER)
        if len(content) < length or len(footer) < _FOOTER:
            raise DataError(_cut_off(path, number, position, end))
        record = Record(number, position + _HEADER, content)
        batch.append((record, (header, of_length, struct.unpack("<I", footer)[0])))
        number, position, size = number + 1, position + _HEADER + length + _FOOTER, size + length
        if len(batch) == _BATCH_COUNT or size > _BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _check(path: str, batch: list[tuple[Record, tuple[bytes, int, int]]]) -> None:
    """Compare the checksums of records; the first that does not fit is the error."""
    if not batch:
        return
    headers = [header for _, (header, _, _) in batch]
    lengths = masked_crc32c([header[:8] for header in headers]) != np.array([sums[1] for _, sums in batch], np.uint32)
    contents = masked_crc32c([record.content for record, _ in batch])
    wrong = lengths | (contents != np.array([sums[2] for _, sums in batch], np.uint32))
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        record = batch[row][0]
        what = "its length" if lengths[row] else "its bytes"
        raise DataError(_damaged(path, record.number, record.begin - _HEADER, headers[row], what))


_HOW_TO_COPY = "copy the file or make it again"


def _cut_off(path: str, number: int, position: int, end: int) -> Problem:
    message = f"{printable(path)}: record {number:,}, which begins at byte {position:,}, is cut off"
    return Problem(message, f"the file has {end:,} bytes; {_HOW_TO_COPY}")


def _damaged(path: str, number: int, position: int, header: bytes, what: str) -> Problem:
    if number == 1:
        if header[:2] == b"\x1f\x8b":
            return Problem(f"{printable(path)} is compressed with gzip", "unpack it: gunzip")
        if what == "its length":
            return Problem(f"{printable(path)} is no TFRecord file: it does not begin with a record")
    message = f"{printable(path)}: record {number:,}, which begins at byte {position:,}, is damaged"
    return Problem(message, f"the checksum of {what} does not fit; {_HOW_TO_COPY}")
