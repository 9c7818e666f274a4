"""Scores by threshold, for two classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncli.tasks.result import Part, Score

_THRESHOLDS = np.arange(101) / 100


class ThresholdScore(Part):
    """The scores of two classes where the positive one is predicted above a threshold.

    Attributes:
        threshold: of the probability of the positive class; the default is 0.5.
        precision: of the positive class; None where it is never predicted.
        recall: of the positive class; None where it has no examples.
        f1: 2 * right / (examples + predictions); None where there is neither.
        accuracy: of both classes.
    """

    threshold: float
    precision: Score
    recall: Score
    f1: Score
    accuracy: float


class BestThreshold(Part):
    """The threshold of the largest F1, of equal ones the nearest to 0.5.

    It is chosen on the very examples that it is scored on: on others its F1 will be a little lower.
    """

    threshold: float
    f1: float


@dataclass(frozen=True)
class Sweep:
    """The scores of two classes at every threshold.

    Attributes:
        rows: one for each of the thresholds 0, 0.01, … 1.
        best: None where the positive class has no examples.
    """

    rows: tuple[ThresholdScore, ...]
    best: BestThreshold | None


def sweep_thresholds(labels: NDArray[np.integer[Any]], probabilities: NDArray[np.floating[Any]]) -> Sweep:
    """Score the thresholds 0, 0.01, … 1.

    Args:
        labels: int (examples,), 1 for the positive class and 0 for the other; at least one.
        probabilities: float (examples,) in [0, 1], of the positive class.
    """
    return sweep_of_counts(above_thresholds(labels == 1, probabilities), int((labels == 1).sum()), len(labels))


def above_thresholds(positive: NDArray[np.bool_], probabilities: NDArray[np.floating[Any]]) -> NDArray[np.int64]:
    """Count at every threshold the positive examples above it, and all examples: int64 (2, thresholds).

    Counts of several batches are added.
    """
    scores = probabilities.astype(np.float64)
    return np.stack([_above(scores[positive]), _above(scores)])


def sweep_of_counts(above: NDArray[np.int64], examples: int, count: int) -> Sweep:
    """Score the thresholds.

    Args:
        above: from `above_thresholds`.
        examples: how many examples of the positive class there are.
        count: how many examples in all.
    """
    right, said = above
    truly_negative = (count - said) - (examples - right)
    f1 = _divided(2 * right, examples + said)
    best = None
    if examples:
        place = int(np.lexsort((np.abs(_THRESHOLDS - 0.5), -f1))[0])
        best = BestThreshold(threshold=float(_THRESHOLDS[place]), f1=float(f1[place]))
    columns = {
        "threshold": _THRESHOLDS,
        "precision": _divided(right, said),
        "recall": _divided(right, np.full_like(right, examples)),
        "f1": f1,
        "accuracy": (right + truly_negative) / count,
    }
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*(c.tolist() for c in columns.values()), strict=True)]
    return Sweep(tuple(ThresholdScore(**row) for row in rows), best)


def _above(scores: NDArray[np.float64]) -> NDArray[np.int64]:
    """How many scores lie above each threshold."""
    above: NDArray[np.int64] = len(scores) - np.searchsorted(np.sort(scores), _THRESHOLDS, side="right")
    return above


def _divided(counts: NDArray[np.int64], totals: NDArray[np.int64]) -> NDArray[np.float64]:
    """Divide; NaN where the total is 0."""
    shares: NDArray[np.float64] = np.divide(counts, totals, out=np.full(len(counts), np.nan), where=totals > 0)
    return shares
