"""Compare multi-label classifiers on the same examples: a paired bootstrap of the Hamming loss."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from cnncli.tasks.pairs import ErrorPair, Side
from cnncli.tasks.recorded_run import Recorded

TARGET = "set of labels"  # what an example has


class MultilabelSide(Side):
    """One run of a comparison."""

    SCORES: ClassVar[dict[str, str]] = {"macro_f1": "macro F1", "micro_f1": "micro F1", "exact_match": "exact match"}
    BOUNDS: ClassVar[tuple[float, float]] = (0.0, 1.0)

    @property
    def errors(self) -> NDArray[np.float64]:
        """The share of the labels of each example that are wrong: (examples,)."""
        true, said = (np.array([row.split() for row in rows]) for rows in (self.run.true, self.run.predicted))
        return np.asarray(np.mean(true != said, axis=1), np.float64)


class MultilabelPair(ErrorPair):
    """A run against the first one."""

    ERROR: ClassVar[str] = "Hamming loss"

    def amount(self, value: float) -> str:
        return f"{value:.4f}"


def side(run: Recorded, label: str) -> MultilabelSide:
    """Prepare a run for the comparison."""
    return MultilabelSide(run, label)


def pair(first: MultilabelSide, second: MultilabelSide) -> ErrorPair:
    """Compare a run with the first one, before any correction for several comparisons."""
    return MultilabelPair.of(first.label, second.label, second.errors - first.errors)
