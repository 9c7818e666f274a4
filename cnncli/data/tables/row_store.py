"""Collect rows of numbers: in memory while they are few, then in a temporary file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncli.data import cache
from cnncli.data.columns import LARGE, NumberFile, Values, make_file, write_rows


class RowStore:
    """Rows of one shape and type, appended in order.

    Up to `LARGE` bytes they stay in memory. More go to a file without a name in the cache's folder, which is gone when the
    process is.

    Args:
        row_shape: of one row.
        dtype: of its numbers.
    """

    def __init__(self, row_shape: Sequence[int], dtype: Any) -> None:
        self._shape, self._dtype = tuple(row_shape), np.dtype(dtype)
        self._chunks: list[NDArray[Any]] = []
        self._bytes = self._count = 0
        self._file: NumberFile | None = None

    def append(self, rows: NDArray[Any]) -> None:
        """Add rows (k, *row_shape).

        Raises:
            OSError: the disk is full.
        """
        if self._file is None:
            self._chunks.append(rows)
            self._bytes += rows.nbytes
            if self._bytes > LARGE:
                self._start_file()
        else:
            write_rows(self._file, self._count, rows)
        self._count += len(rows)

    def values(self) -> Values:
        """All rows, (count, *row_shape)."""
        if self._file is not None:
            return replace(self._file, rows=np.arange(self._count, dtype=np.int64))
        return np.concatenate([*self._chunks, np.empty((0, *self._shape), self._dtype)])

    def _start_file(self) -> None:
        cache.folder().mkdir(parents=True, exist_ok=True)
        self._file = NumberFile(make_file(cache.folder()), self._shape, self._dtype, np.arange(0, dtype=np.int64))
        done = 0
        for chunk in self._chunks:
            write_rows(self._file, done, chunk)
            done += len(chunk)
        self._chunks = []
