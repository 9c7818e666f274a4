"""Columns, one input or the targets of all examples: read from a file or from memory when they are needed."""

from __future__ import annotations

import math
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from io import FileIO
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Indexes = NDArray[np.integer] | Sequence[int]

LARGE = 256 << 20  # bytes of an array from which a copy of it counts


class Column(Protocol):
    """One input, or the targets, of all examples of a part; they stay where they are until they are read."""

    @property
    def shape(self) -> tuple[int, ...]:
        """As the array of all of them would have it: (count, *shape of one)."""

    @property
    def dtype(self) -> np.dtype[Any]: ...

    def __len__(self) -> int: ...

    def take(self, indices: Indexes) -> Column:
        """Some of them, in that order; nothing is read."""

    def and_then(self, others: Sequence[Any]) -> Column:
        """These and others of the same kind and shape."""

    def read(self, indices: Indexes) -> NDArray[Any]:
        """Some of them, (k, *shape of one).

        Raises:
            DataError: they are no longer there.
        """


Values = NDArray[Any] | Column  # an array in memory, or a column


@dataclass(frozen=True, slots=True, eq=False)
class ArrayRows:
    """Rows of an array in memory, which several splits share.

    Attributes:
        array: (any, *shape of one).
        rows: int64 (count,): which rows of the array, in which order.
    """

    array: NDArray[Any]
    rows: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def shape(self) -> tuple[int, ...]:
        return (len(self.rows), *self.array.shape[1:])

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.array.dtype

    def take(self, indices: Indexes) -> ArrayRows:
        return replace(self, rows=self.rows[np.asarray(indices, np.int64)])

    def and_then(self, others: Sequence[ArrayRows]) -> ArrayRows:
        """With more rows of the same array."""
        return replace(self, rows=np.concatenate([self.rows, *(other.rows for other in others)]))

    def read(self, indices: Indexes) -> NDArray[Any]:
        found: NDArray[Any] = self.array[self.rows[np.asarray(indices, np.int64)]]
        return found


def take(values: Values, indices: Indexes) -> Values:
    """Some of the examples, in that order; of a large array without a copy."""
    if not isinstance(values, np.ndarray):
        return values.take(indices)
    rows: NDArray[np.int64] = np.asarray(indices, np.int64)
    return values[rows] if may_be_copied(values) else ArrayRows(values, rows)


def join(parts: Sequence[Values]) -> Values:
    """Several parts of one source, and so of one kind, as one."""
    first, *others = parts
    return (
        np.concatenate([as_array(part) for part in parts]) if isinstance(first, np.ndarray) else first.and_then(others)
    )


def may_be_copied(values: Values) -> bool:
    """Whether they are an array of which a copy does not count."""
    return isinstance(values, np.ndarray) and values.nbytes <= LARGE


def detached(values: Values) -> Values:
    """An array of its own for a part of a larger one, which it would keep in memory; where a copy of it does not count."""
    if not isinstance(values, np.ndarray) or not may_be_copied(values):
        return values
    is_part = isinstance(values.base, np.ndarray) and values.base.nbytes > values.nbytes
    return np.array(values) if is_part else values


def as_column(values: Values) -> Column:
    """An array as a column, too."""
    return ArrayRows(values, np.arange(len(values), dtype=np.int64)) if isinstance(values, np.ndarray) else values


def as_array(values: Values) -> NDArray[Any]:
    """All examples in memory."""
    return values if isinstance(values, np.ndarray) else values.read(np.arange(len(values)))


@dataclass(frozen=True, slots=True, eq=False)
class RowFile:
    """Rows of one size in a file, read one by one.

    A mapped file would count as this process's memory, page by page as it is touched; what is read does not.

    Attributes:
        file: open, unbuffered; it need not have a name any more. Closed with the last of its rows.
        row_shape: of one row.
        dtype: of its numbers.
        rows: int64 (count,): which rows of the file, in which order.
    """

    file: FileIO
    row_shape: tuple[int, ...]
    dtype: np.dtype[Any]
    rows: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def shape(self) -> tuple[int, ...]:
        return (len(self.rows), *self.row_shape)

    def take(self, indices: Indexes) -> RowFile:
        return replace(self, rows=self.rows[np.asarray(indices, np.int64)])

    def and_then(self, others: Sequence[RowFile]) -> RowFile:
        """With more rows of the same file."""
        return replace(self, rows=np.concatenate([self.rows, *(other.rows for other in others)]))

    def offset_of(self, row: int) -> int:
        """Where a row of the file begins, in bytes."""
        return row * math.prod(self.row_shape) * self.dtype.itemsize

    def read(self, indices: Indexes) -> NDArray[Any]:
        rows = self.rows[np.asarray(indices, np.int64)]
        found = np.empty((len(rows), *self.row_shape), self.dtype)
        if len(rows) and (np.diff(rows) == 1).all():  # they lie side by side
            _read_into(self.file, _bytes_of(found), self.offset_of(int(rows[0])))
            return found
        for number, row in enumerate(rows):
            _read_into(self.file, _bytes_of(found[number : number + 1]), self.offset_of(int(row)))
        return found


@dataclass(frozen=True, slots=True, eq=False)
class NumberFile(RowFile):
    """Numbers of examples in a file, whose scale is to be measured; that of decoded images is known."""


def make_row_file(folder: Path, count: int, row_shape: Sequence[int], dtype: np.dtype[Any]) -> RowFile:
    """An empty file without a name, to be filled with `write_rows`: it is gone when the process is, however that ends.

    Raises:
        OSError: nothing can be written there.
    """
    return RowFile(make_file(folder), tuple(row_shape), dtype, np.arange(count, dtype=np.int64))


def make_file(folder: Path) -> FileIO:
    """An empty file without a name, open for reading and writing.

    Raises:
        OSError: nothing can be written there.
    """
    with tempfile.TemporaryFile(dir=folder) as file:
        return FileIO(os.dup(file.fileno()), "r+")


def write_rows(target: RowFile, first: int, values: NDArray[Any]) -> None:
    """Write rows that follow each other, from the row `first` of the file on.

    Args:
        values: (k, *row_shape), of the file's type.

    Raises:
        OSError: the disk is full.
    """
    content, offset = _bytes_of(np.ascontiguousarray(values)), target.offset_of(first)
    done = 0
    while done < len(content):
        done += os.pwrite(target.file.fileno(), content[done:], offset + done)


def read_rows(source: RowFile, first: int, count: int) -> NDArray[Any]:
    """Read rows that follow each other, from the row `first` of the file on: (count, *row_shape)."""
    found = np.empty((count, *source.row_shape), source.dtype)
    _read_into(source.file, _bytes_of(found), source.offset_of(first))
    return found


def _bytes_of(array: NDArray[Any]) -> memoryview:
    return array.reshape(-1).view(np.uint8).data


def _read_into(file: FileIO, target: memoryview, offset: int) -> None:
    done = 0
    while done < len(target):
        count = os.preadv(file.fileno(), [target[done:]], offset + done)
        if not count:
            raise OSError("the file is shorter than it was")
        done += count
