"""Two classes: what comes of saying yes from another probability on than one half."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_STEPS = 100


@dataclass(frozen=True)
class Sweep:
    """The scores of the positive class at every threshold.

    Attributes:
        thresholds: float64 (101,), 0, 0.01, … 1. The positive class is said above it, as it is above 0.5 by default.
        precision: float64 (101,); NaN where the class is never said.
        recall: float64 (101,); NaN where it has no examples.
        f1: float64 (101,), 2 * right / (examples + predictions); NaN where there is neither.
        accuracy: float64 (101,), of both classes.
        best: which has the largest F1, of equal ones that nearest to 0.5; None where the class has no examples. Chosen on
            the very examples that it is scored on: on others its F1 will be a little lower.
    """

    thresholds: NDArray[np.float64]
    precision: NDArray[np.float64]
    recall: NDArray[np.float64]
    f1: NDArray[np.float64]
    accuracy: NDArray[np.float64]
    best: int | None

    def to_json(self) -> list[dict[str, float | None]]:
        """Return the form that `--json` prints; NaN is None."""
        names = ("precision", "recall", "f1", "accuracy")
        columns = [[value if np.isfinite(value) else None for value in getattr(self, name).tolist()] for name in names]
        return [
            {"threshold": threshold, **dict(zip(names, row, strict=True))}
            for threshold, *row in zip(self.thresholds.tolist(), *columns, strict=True)
        ]

    def best_to_json(self) -> dict[str, float] | None:
        """Return the best threshold in the form that `--json` prints."""
        if self.best is None:
            return None
        return {"threshold": float(self.thresholds[self.best]), "f1": float(self.f1[self.best])}


def sweep_thresholds(labels: NDArray[np.integer[Any]], probabilities: NDArray[np.floating[Any]]) -> Sweep:
    """Score the thresholds 0, 0.01, … 1.

    Args:
        labels: int (examples,), 1 for the positive class and 0 for the other; at least one.
        probabilities: float (examples,) in [0, 1], of the positive class.
    """
    thresholds = np.arange(_STEPS + 1) / _STEPS
    positive = labels == 1
    scores = probabilities.astype(np.float64)
    right = _above(scores[positive], thresholds)
    said = _above(scores, thresholds)
    examples = int(positive.sum())
    truly_negative = (len(labels) - said) - (examples - right)
    f1 = _divided(2 * right, examples + said)
    best = None
    if examples:
        best = int(np.lexsort((np.abs(thresholds - 0.5), -f1))[0])
    return Sweep(
        thresholds,
        precision=_divided(right, said),
        recall=_divided(right, np.full_like(right, examples)),
        f1=f1,
        accuracy=(right + truly_negative) / len(labels),
        best=best,
    )


def _above(scores: NDArray[np.float64], thresholds: NDArray[np.float64]) -> NDArray[np.int64]:
    """How many scores lie above each threshold."""
    above: NDArray[np.int64] = len(scores) - np.searchsorted(np.sort(scores), thresholds, side="right")
    return above


def _divided(counts: NDArray[np.int64], totals: NDArray[np.int64]) -> NDArray[np.float64]:
    """Divide; NaN where the total is 0."""
    shares: NDArray[np.float64] = np.divide(counts, totals, out=np.full(len(counts), np.nan), where=totals > 0)
    return shares
