"""Arrays that stay in their shards: a column that reads the bytes of each example at their place."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncli.data.columns import Indexes
from cnncli.data.shards.example_proto import FLOATS, INTEGERS, BadExample, numbers_of
from cnncli.errors import DataError, Problem
from cnncli.messages import printable


@dataclass(frozen=True, slots=True, eq=False)
class SpanColumn:
    """Arrays of one shape in shards.

    Attributes:
        files: paths of the shards.
        kind: `float` or `int64`, as `tf.train.Example` packs them; `bytes`: the array itself, little-endian, in C order.
        row_shape: of one array.
        dtype: float32 or uint8; what is read is brought into it.
        stored: the type in the shard, where the kind is `bytes`.
        file_of: int32 (count,), index into `files`.
        begins, lengths: int64 (count,), of the bytes in the file.
    """

    files: tuple[str, ...]
    kind: str
    row_shape: tuple[int, ...]
    dtype: np.dtype[Any]
    stored: np.dtype[Any]
    file_of: NDArray[np.int32]
    begins: NDArray[np.int64]
    lengths: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.begins)

    @property
    def shape(self) -> tuple[int, ...]:
        return (len(self.begins), *self.row_shape)

    def take(self, indices: Indexes) -> SpanColumn:
        rows = np.asarray(indices, np.int64)
        return replace(self, file_of=self.file_of[rows], begins=self.begins[rows], lengths=self.lengths[rows])

    def and_then(self, others: Sequence[SpanColumn]) -> SpanColumn:
        """With more of the same kind and shape, in whatever files."""
        every = [self, *others]
        files = tuple(dict.fromkeys(file for each in every for file in each.files))
        numbers = {file: number for number, file in enumerate(files)}
        renumbered = [np.array([numbers[file] for file in each.files], np.int32)[each.file_of] for each in every]
        return replace(
            self,
            files=files,
            file_of=np.concatenate(renumbered),
            begins=np.concatenate([each.begins for each in every]),
            lengths=np.concatenate([each.lengths for each in every]),
        )

    def read(self, indices: Indexes) -> NDArray[Any]:
        """Read some of the arrays, (k, *row_shape).

        Raises:
            DataError: a shard has gone or changed.
        """
        rows = np.asarray(indices, np.int64)
        found = np.empty((len(rows), *self.row_shape), self.dtype)
        flat = found.reshape(len(rows), math.prod(self.row_shape))
        files = self.file_of[rows]
        for number in np.unique(files).tolist():
            path = self.files[number]
            try:
                descriptor = os.open(path, os.O_RDONLY)
                try:
                    for place in np.flatnonzero(files == number).tolist():
                        row = rows[place]
                        content = os.pread(descriptor, int(self.lengths[row]), int(self.begins[row]))
                        flat[place] = self._numbers(content)
                finally:
                    os.close(descriptor)
            except (OSError, ValueError, BadExample) as error:
                message = f"{printable(path)} could be read when the data was loaded, but not any more"
                raise DataError(Problem(message, "do not change the data while it is in use")) from error
        return found

    def _numbers(self, content: bytes) -> NDArray[Any]:
        if self.kind in (FLOATS, INTEGERS):
            return numbers_of([content], self.kind)
        return np.frombuffer(content, self.stored)
