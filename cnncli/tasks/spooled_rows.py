"""Rows of numbers that are kept in memory while they are few, else in a temporary file: read by rows or by columns."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncli.data import cache
from cnncli.data.columns import RowFile, make_row_file, read_rows, write_rows

# Numbers of a block: 4 MiB of float32, little beside TensorFlow, and enough that the cost of a call does not count. It holds
# 100,000 examples of 10 outputs: what is not more never touches the disk.
BLOCK = 1 << 20


class SpooledRows:
    """Rows of one width and type, which are appended in order and then read in blocks of rows or of columns.

    The first block and the one that is being filled are in memory, the others in a file without a name in the cache's folder,
    which is gone when the process is. A block that the disk does not take stays in memory. In the file a block lies column by
    column: n blocks are read by rows in n reads, and by columns in n * n.
    """

    def __init__(self) -> None:
        self._count = self._width = 0
        self._kept: dict[int, NDArray[Any]] = {}  # number of a block -> (rows of a block, width)
        self._file: RowFile | None = None  # a row of the file is a column of a block

    @classmethod
    def of(cls, rows: NDArray[Any]) -> SpooledRows:
        """Those of an array (count, width)."""
        found = cls()
        found.append(rows)
        return found

    @property
    def shape(self) -> tuple[int, int]:
        """(count, width)."""
        return self._count, self._width

    @property
    def bytes_in_memory(self) -> int:
        return sum(block.nbytes for block in self._kept.values())

    def append(self, rows: NDArray[Any]) -> None:
        """Add rows (any, width)."""
        if not self._count:
            self._width, self._dtype = rows.shape[1], rows.dtype
            self._block_rows = max(1, BLOCK // self._width)
        while len(rows):
            number, place = divmod(self._count, self._block_rows)
            if place == 0:
                self._put_away(number - 1)
                self._kept[number] = np.empty((self._block_rows, self._width), self._dtype)
            taken = rows[: self._block_rows - place]
            self._kept[number][place : place + len(taken)] = taken
            self._count += len(taken)
            rows = rows[len(taken) :]

    def _put_away(self, number: int) -> None:
        """Write a full block to the file, unless it is the first."""
        if number < 1:
            return
        with suppress(OSError):  # no room, or no folder: it stays where it is
            if self._file is None:
                cache.folder().mkdir(parents=True, exist_ok=True)
                self._file = make_row_file(cache.folder(), 0, (self._block_rows,), self._dtype)
            write_rows(self._file, number * self._width, self._kept[number].T)
            del self._kept[number]

    def blocks(self) -> Iterator[NDArray[Any]]:
        """All rows in order, some at a time: (rows of a block, width), the last one fewer."""
        for number in range(self.block_count):
            yield np.ascontiguousarray(self._read(number, 0, self._width))

    @property
    def block_count(self) -> int:
        return math.ceil(self._count / self._block_rows)

    @property
    def block_sizes(self) -> list[int]:
        """How many rows each of `blocks` has."""
        return [min(self._block_rows, self._count - first) for first in range(0, self._count, self._block_rows)]

    def __iter__(self) -> Iterator[NDArray[Any]]:
        """Row by row, each (width,)."""
        return (row for block in self.blocks() for row in block)

    def column_blocks(self) -> Iterator[NDArray[Any]]:
        """All columns in order, some at a time: (count, some), at most a block's numbers, but one column at least."""
        some = max(1, BLOCK // self._count)
        for first in range(0, self._width, some):
            yield self.columns(first, min(first + some, self._width))

    def columns(self, first: int, last: int) -> NDArray[Any]:
        """The columns from `first` to before `last`: (count, last - first)."""
        found = np.empty((self._count, last - first), self._dtype)
        for number in range(self.block_count):
            begin = number * self._block_rows
            found[begin : begin + self._block_rows] = self._read(number, first, last)
        return found

    def rows(self, indices: Sequence[int] | NDArray[np.integer[Any]]) -> NDArray[Any]:
        """A few rows: (len(indices), width)."""
        found = np.empty((len(indices), self._width), self._dtype)
        for row, index in zip(found, indices, strict=True):
            number, place = divmod(int(index), self._block_rows)
            row[:] = self._read(number, 0, self._width)[place]
        return found

    def _read(self, number: int, first: int, last: int) -> NDArray[Any]:
        """Columns of a block: (rows of the block, last - first)."""
        if number in self._kept:
            return self._kept[number][: self._count - number * self._block_rows, first:last]
        assert self._file is not None
        return read_rows(self._file, number * self._width + first, last - first).T
