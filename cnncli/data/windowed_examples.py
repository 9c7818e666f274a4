"""Windows of examples that are larger than the network's input."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncli.data.columns import Column, Indexes, Values, as_column
from cnncli.data.dataset import Examples
from cnncli.recipe.example_windows import Windows


@dataclass(frozen=True, slots=True, eq=False)
class WindowColumn:
    """Windows of the examples of a column, cut out when they are read.

    Attributes:
        column: of the whole examples, (any, *sides, …).
        size: of a window, along its sides.
        rows: int64 (count,): of which example each is.
        starts: int64 (count, sides): where it begins.
    """

    column: Column
    size: tuple[int, ...]
    rows: NDArray[np.int64]
    starts: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def shape(self) -> tuple[int, ...]:
        return (len(self.rows), *self.size, *self.column.shape[1 + len(self.size) :])

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.column.dtype

    def take(self, indices: Indexes) -> WindowColumn:
        taken = np.asarray(indices, np.int64)
        return replace(self, rows=self.rows[taken], starts=self.starts[taken])

    def and_then(self, others: Sequence[WindowColumn]) -> WindowColumn:
        """With more windows of the same column."""
        rows = np.concatenate([self.rows, *(other.rows for other in others)])
        return replace(self, rows=rows, starts=np.concatenate([self.starts, *(other.starts for other in others)]))

    def read(self, indices: Indexes) -> NDArray[Any]:
        taken = np.asarray(indices, np.int64)
        found = np.empty((len(taken), *self.shape[1:]), self.dtype)
        of_row: dict[int, list[int]] = {}
        for place, row in enumerate(self.rows[taken].tolist()):
            of_row.setdefault(row, []).append(place)
        for row, places in of_row.items():
            [whole] = self.column.read([row])
            for place in places:
                begins = self.starts[taken[place]].tolist()
                cut = tuple(slice(begin, begin + side) for begin, side in zip(begins, self.size, strict=True))
                found[place] = whole[cut]
        return found


def in_windows(examples: Examples, windows: Windows | None) -> Examples:
    """All windows of examples, as a network trains on them, those of an example one after the other.

    Args:
        windows: None: the examples are their own windows.
    """
    if windows is None:
        return examples
    places = np.array(list(itertools.product(*windows.starts())), np.int64)  # (windows of an example, sides)
    rows = np.repeat(np.arange(len(examples), dtype=np.int64), len(places))
    return _cut(examples, windows, rows, np.tile(places, (len(examples), 1)))


def central_windows(examples: Examples, windows: Windows | None) -> Examples:
    """The window in the middle of each example, for a look at what a network does. Args: as `in_windows`."""
    if windows is None:
        return examples
    rows = np.arange(len(examples), dtype=np.int64)
    return _cut(examples, windows, rows, np.tile(np.array(windows.centre(), np.int64), (len(examples), 1)))


def _cut(examples: Examples, windows: Windows, rows: NDArray[np.int64], starts: NDArray[np.int64]) -> Examples:
    def column(values: Values) -> WindowColumn:
        return WindowColumn(as_column(values), tuple(windows.size), rows, starts)

    inputs = {name: column(values) for name, values in examples.inputs.items()}
    whole = replace(examples, originals=None).take(rows)
    return replace(whole, inputs=inputs, targets=column(examples.targets))
