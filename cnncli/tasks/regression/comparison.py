"""Compare regressions on the same examples: a paired bootstrap of the absolute error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from cnncli.errors import OutputError
from cnncli.messages import quantity
from cnncli.tasks.pairs import ErrorPair, Side
from cnncli.tasks.recorded_run import Recorded

TARGET = "number"  # what an example has


@dataclass(frozen=True, eq=False)
class RegressionSide(Side):
    """One run of a comparison.

    Attributes:
        errors: float64 (examples,), how far each prediction is off; of several numbers the mean.
    """

    errors: NDArray[np.float64]

    SCORES: ClassVar[dict[str, str]] = {
        "mean_absolute_error": "mean absolute error",
        "root_mean_squared_error": "RMSE",
        "r2": "R2",
    }

    def text(self, value: float | None) -> str:
        return quantity(value)


class RegressionPair(ErrorPair):
    """A run against the first one."""

    ERROR: ClassVar[str] = "mean absolute error"

    def amount(self, value: float) -> str:
        return quantity(value)


def side(run: Recorded, label: str) -> RegressionSide:
    """Prepare a run for the comparison.

    Raises:
        OutputError: its predictions are no numbers.
    """
    try:
        true, said = (np.array([row.split() for row in rows], np.float64) for rows in (run.true, run.predicted))
    except ValueError as error:
        file = run.listed.summary.path / "predictions.csv"
        raise OutputError(f"{file} is damaged: it does not hold numbers", hint="train the run again") from error
    return RegressionSide(run, label, np.abs(said - true).mean(axis=1))


def pair(first: RegressionSide, second: RegressionSide) -> ErrorPair:
    """Compare a run with the first one, before any correction for several comparisons."""
    return RegressionPair.of(first.label, second.label, second.errors - first.errors)
