"""The nearest neighbour of each example among the others, by cosine similarity."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_AT_A_TIME = 10_000_000  # similarities that are held


@dataclass(frozen=True, slots=True, eq=False)
class Neighbours:
    """The nearest other example of each.

    Attributes:
        nearest: int64 (count,).
        values: float32 (count,), their similarities.
        counted: bool (count,), whether another example of the same identity is there at all.
        right: bool (count,), whether the nearest is of the same identity.
    """

    nearest: NDArray[np.int64]
    values: NDArray[np.float32]
    counted: NDArray[np.bool_]
    right: NDArray[np.bool_]

    @property
    def recall(self) -> float | None:
        """Recall@1: how often the nearest is of the same identity, where one is there; None where none is."""
        return float(self.right[self.counted].mean()) if self.counted.any() else None


def find_neighbours(vectors: NDArray[np.float32], labels: NDArray[np.integer]) -> Neighbours:
    """Find the nearest other example of each; of equally near ones the first.

    Args:
        vectors: float32 (count, size), of length 1; at least two.
        labels: int (count,), the identity of each.
    """
    count = len(vectors)
    nearest, values = np.empty(count, np.int64), np.empty(count, np.float32)
    some = max(1, _AT_A_TIME // count)
    for begin in range(0, count, some):
        rows = np.arange(begin, min(begin + some, count))
        found = vectors[rows] @ vectors.T  # (rows, count)
        found[np.arange(len(rows)), rows] = -np.inf
        nearest[rows] = found.argmax(axis=1)
        values[rows] = found.max(axis=1)
    _, numbers, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    return Neighbours(nearest, values, sizes[numbers] > 1, labels[nearest] == labels)
