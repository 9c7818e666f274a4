"""Confidence intervals of accuracy and macro F1: the bootstrap, and Wilson's for few examples."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cnncli.messages import FEW_EXAMPLES
from cnncli.tasks.result import Interval, Intervals
from cnncli.tasks.statistics import BOOTSTRAP

_AT_A_TIME = 2_000_000  # counts drawn at once: 16 MB


class ClassificationIntervals(Intervals):
    """The bootstrap's intervals, except that few examples have Wilson's for the accuracy."""

    method: str = BOOTSTRAP
    accuracy: Interval
    macro_f1: Interval
    accuracy_method: str = BOOTSTRAP


def intervals(confusion: ArrayLike) -> ClassificationIntervals:
    """The bootstrap's intervals; for few examples, Wilson's for the accuracy.

    Args:
        confusion: int (classes, classes), row = true class, column = predicted class; at least one example.
    """
    found, matrix = bootstrap_intervals(confusion), np.asarray(confusion)
    count = int(matrix.sum())
    if count >= FEW_EXAMPLES:
        return found
    accuracy = wilson(int(np.trace(matrix)), count, level=found.level)
    return found.model_copy(update={"accuracy": accuracy, "accuracy_method": "Wilson score interval"})


def bootstrap_intervals(
    confusion: ArrayLike, *, level: float = 0.95, samples: int = 1000, seed: int = 0
) -> ClassificationIntervals:
    """Draw as many examples again, with replacement, and see between which values the scores lie.

    That is the percentile bootstrap (Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13). Both
    scores follow from the confusion matrix, and the matrix of n examples drawn with replacement is a draw from the
    multinomial distribution of n with its cells' shares; so no example needs to be drawn, and the size of the data hardly
    counts. Classes that a draw leaves out, true and predicted, are left out of its macro F1, as they are of the score's.

    The intervals say how much chance there is in these examples, not in the training. They are too narrow for few
    examples (below about 30) and for scores near 0 or 1: where no example is wrong, the interval is [1, 1].

    Args:
        confusion: int (classes, classes), row = true class, column = predicted class; at least one example.
        level: share of the draws that lie within an interval.

    Raises:
        ValueError: the matrix is not square, or has no examples.
    """
    matrix = np.asarray(confusion)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or matrix.sum() < 1:
        raise ValueError(f"a square matrix with examples is needed; received {matrix.sum()} in shape {matrix.shape}")
    cells = _Cells(matrix)
    random = np.random.default_rng(seed)
    scores = []
    left = samples
    while left:
        count = min(left, max(1, _AT_A_TIME // cells.count))
        scores.append(cells.scores(random.multinomial(cells.examples, cells.shares, size=count)))
        left -= count
    outside = 100 * (1 - level) / 2
    low, high = np.percentile(np.concatenate(scores), [outside, 100 - outside], axis=0).tolist()
    return ClassificationIntervals(
        level=level, samples=samples, seed=seed, accuracy=(low[0], high[0]), macro_f1=(low[1], high[1])
    )


class _Cells:
    """The cells of a confusion matrix that hold examples, and what follows from other counts in them."""

    def __init__(self, matrix: NDArray[Any]) -> None:
        self.rows, self.columns = np.nonzero(matrix)  # row by row
        counts = matrix[self.rows, self.columns]
        self.count = len(counts)
        self.examples = int(counts.sum())
        self.shares = counts / self.examples
        self.classes = len(matrix)
        self.is_right = self.rows == self.columns
        self.by_column = np.argsort(self.columns, kind="stable")

    def scores(self, drawn: NDArray[np.int64]) -> NDArray[np.float64]:
        """Turn counts (draws, cells) into accuracy and macro F1: float64 (draws, 2)."""
        right = np.zeros((len(drawn), self.classes))
        right[:, self.rows[self.is_right]] = drawn[:, self.is_right]
        support = self._sum(drawn, self.rows)
        predicted = self._sum(drawn[:, self.by_column], self.columns[self.by_column])
        both = support + predicted
        f1 = np.divide(2 * right, both, out=np.zeros_like(right), where=both > 0)
        macro_f1 = f1.sum(axis=1) / (both > 0).sum(axis=1)
        return np.stack([right.sum(axis=1) / self.examples, macro_f1], axis=1)

    def _sum(self, drawn: NDArray[np.int64], classes: NDArray[np.int64]) -> NDArray[np.float64]:
        """Add up the counts of each class: (draws, cells), whose classes ascend -> (draws, classes)."""
        present, begins = np.unique(classes, return_index=True)
        sums = np.zeros((len(drawn), self.classes))
        sums[:, present] = np.add.reduceat(drawn, begins, axis=1)
        return sums


def wilson(right: int, count: int, *, level: float = 0.95) -> tuple[float, float]:
    """The Wilson score interval of a share, which is right for few examples too (Wilson 1927): 17 of 20 is 0.640 to 0.948.

    Args:
        right: how many of `count` examples.
        level: how often the interval covers the true share, about.
    """
    z = NormalDist().inv_cdf((1 + level) / 2)
    share, spread = right / count, z**2 / count
    middle = (share + spread / 2) / (1 + spread)
    half = z / (1 + spread) * math.sqrt(share * (1 - share) / count + spread / (4 * count))
    return max(0.0, middle - half), min(1.0, middle + half)
