"""Digests of what an example shows, whatever its scale and type, for finding duplicates."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncli.data.columns import Column, Indexes, Values, as_column
from cnncli.data.text_column import TextColumn, is_telling
from cnncli.inputs import kind_of

_CHUNK_BYTES = 1 << 22  # looked at in one go
_STEPS, _MIDDLE = 16, 1 << 15  # steps for each doubling of the scale, and the number of the step at 1
_SOME_NUMBERS = 8  # of a row, all of them with decimals
_DIGEST_BYTES = 32


def shown(inputs: Values) -> Values:
    """What is compared of examples: of a text a digest, uint8 (count, 32), 0 where it has few words; else the examples."""
    if not isinstance(inputs, TextColumn):
        return inputs
    found = np.zeros((len(inputs), _DIGEST_BYTES), np.uint8)
    for index, text in enumerate(inputs.encoded(np.arange(len(inputs)))):
        if is_telling(text):
            found[index] = np.frombuffer(hashlib.sha256(text.strip()).digest(), np.uint8)
    return found


def may_tell(inputs: Values) -> bool:
    """Whether examples that are equal are so by no chance: images, texts, rows of many numbers or of some with decimals."""
    if isinstance(inputs, TextColumn):
        return True
    shape = inputs.shape[1:]
    if not kind_of(shape).may_be_equal_by_chance(shape):
        return True
    first = as_column(inputs).read([0])
    return bool(shape[0] >= _SOME_NUMBERS and (first != np.floor(first)).all())


def tells(row: NDArray[Any]) -> bool:
    """Whether an example that is equal to another is so by no chance: it is not of one value, and no row such as one-hot."""
    different = int(np.count_nonzero(row != row.min()))
    return different >= kind_of(row.shape).LEAST_DIFFERENT


@dataclass(frozen=True, slots=True, eq=False)
class RoundedRows:
    """`rounded` of a column, chunk by chunk as it is read.

    Attributes:
        column: (count, ...).
        keep_scale: as of `rounded`.
    """

    column: Column
    keep_scale: bool

    def __len__(self) -> int:
        return len(self.column)

    @property
    def shape(self) -> tuple[int, ...]:
        return len(self.column), math.prod(self.column.shape[1:]) + 2

    @property
    def dtype(self) -> np.dtype[Any]:
        return np.dtype(np.uint16)

    def take(self, indices: Indexes) -> RoundedRows:
        return replace(self, column=self.column.take(indices))

    def and_then(self, others: Sequence[RoundedRows]) -> RoundedRows:
        return replace(self, column=self.column.and_then([other.column for other in others]))

    def read(self, indices: Indexes) -> NDArray[np.uint16]:
        return rounded(self.column.read(indices), keep_scale=self.keep_scale)


def rounded(array: NDArray[Any], *, keep_scale: bool) -> NDArray[np.uint16]:
    """Each example stretched to 0 to 1000, and what its scale was: the same for values that were rounded in other ways.

    With the offset no value of 256 grey levels lies where rounding in float32 decides.

    Args:
        array: (count, ...).
        keep_scale: let examples differ that are equal but for their scale; without it values from 0 to 255, 0 to 1 and -1
            to 1 are the same.

    Returns:
        uint16 (count, values + 2); all 0 for an example of one value.
    """
    count = len(array)
    found = np.zeros((count, array[0].size + 2), np.uint16)
    rows = max(1, _CHUNK_BYTES // max(1, array[0].nbytes))
    for begin in range(0, count, rows):
        chunk = np.asarray(array[begin : begin + rows], np.float64).reshape(-1, array[0].size)
        low = chunk.min(axis=1, keepdims=True)
        spread = chunk.max(axis=1, keepdims=True) - low
        varies = spread > 0
        stretched = np.divide(chunk - low, spread, out=np.zeros_like(chunk), where=varies)
        found[begin : begin + rows, :-2] = np.floor(stretched * 1000 + 1 / 510)
        if keep_scale:
            safe = np.where(varies, spread, 1.0)
            scale = np.floor(np.log2(safe) * _STEPS + 0.37) + _MIDDLE
            offset = np.floor(np.clip(low / safe, -100, 100) * _STEPS + 0.37) + _MIDDLE
            found[begin : begin + rows, -2:] = np.where(varies, np.concatenate([scale, offset], axis=1), 0)
    return found
