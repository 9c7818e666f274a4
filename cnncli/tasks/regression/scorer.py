"""Score a regression batch by batch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncli.data.dataset import Examples
from cnncli.tasks.diverged_outputs import refuse_diverged
from cnncli.tasks.regression.predictions import to_csv
from cnncli.tasks.regression.result import RegressionResult
from cnncli.tasks.regression.scores import regression_scores
from cnncli.tasks.regression.targets import NumberTargets
from cnncli.tasks.spooled_rows import SpooledRows


@dataclass(frozen=True)
class Scored:
    """Examples that a model has scored.

    Attributes:
        targets, outputs: float32 (count, k), the true numbers and the network's.
        wrong: int64 (count,), the examples by the size of their errors, the largest first.
        predicted: there are no classes.
    """

    result: RegressionResult
    targets: SpooledRows
    outputs: SpooledRows
    wrong: NDArray[np.int64]
    predicted: None = None

    def csv_lines(self, examples: Examples, targets: NumberTargets) -> Iterator[str]:
        """predictions.csv: a line for each example."""
        return to_csv(self.targets, self.outputs, files=examples.files)


class RegressionScorer:
    """Scores of batches; see `Scorer`. Beside the spooled targets and outputs it keeps about 20 bytes for each example.

    Args:
        targets: those that trained, k numbers; their mean is the baseline.
        files: one an example, when the examples came from files.
    """

    def __init__(self, targets: NumberTargets, *, files: Sequence[str] | None = None) -> None:
        self._training_mean, self._files = targets.numbers.mean, files
        self._targets, self._outputs = SpooledRows(), SpooledRows()
        self._is_diverged: list[NDArray[np.bool_]] = []

    def update(self, targets: NDArray[np.floating[Any]], outputs: NDArray[np.floating[Any]]) -> None:
        """Take a batch.

        Args:
            targets, outputs: float (batch, k), at least one example.

        Raises:
            ValueError: other or different shapes, or no examples.
        """
        if targets.ndim != 2 or targets.shape != outputs.shape or not targets.size:
            raise ValueError(
                f"targets and predictions are (examples, k), at least one; received {targets.shape} and {outputs.shape}"
            )
        self._targets.append(targets)
        self._outputs.append(outputs)
        self._is_diverged.append(~np.isfinite(outputs).all(axis=1))

    def result(self, **common: Any) -> Scored:
        """Score all batches.

        Args:
            common: the fields that every `Result` has.

        Raises:
            DivergedError: a prediction is not a finite number.
        """
        refuse_diverged(np.concatenate(self._is_diverged), "no finite number")
        scores, wrong = regression_scores(self._targets, self._outputs, self._training_mean, files=self._files)
        return Scored(RegressionResult(**common, **dict(scores)), self._targets, self._outputs, wrong)


SCORER = RegressionScorer
