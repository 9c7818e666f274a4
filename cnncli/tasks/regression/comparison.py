"""Compare regressions on the same examples: a paired bootstrap of the absolute error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncli.errors import OutputError
from cnncli.messages import quantity
from cnncli.tasks import statistics
from cnncli.tasks.recorded_run import Recorded
from cnncli.tasks.regression.result import RegressionResult
from cnncli.tasks.statistics import LEVEL, p_text

TARGET = "number"  # what an example has


@dataclass(frozen=True, slots=True, eq=False)
class RegressionSide:
    """One run of a comparison.

    Attributes:
        run: what its folder says.
        label: its name in the comparison.
        errors: float64 (examples,), how far each prediction is off; of several numbers the mean.
    """

    run: Recorded
    label: str
    errors: NDArray[np.float64]
    result: RegressionResult

    @property
    def measures(self) -> list[tuple[str, float | None, tuple[float, float] | None]]:
        """What is compared: its name, its value and its interval; the first is the main one."""
        result, intervals = self.result, self.result.intervals
        return [
            ("mean absolute error", result.mean_absolute_error, intervals.mean_absolute_error),
            ("RMSE", result.root_mean_squared_error, intervals.root_mean_squared_error),
            ("R2", result.r2, intervals.r2),
        ]

    def text(self, value: float | None) -> str:
        """A value of `measures` as a table shows it."""
        return quantity(value)

    def as_json(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, (_, value, interval) in zip(_SCORES, self.measures, strict=True):
            found |= {name: value, f"{name}_interval": interval}
        return found


_SCORES = ("mean_absolute_error", "root_mean_squared_error", "r2")


@dataclass(frozen=True, slots=True)
class RegressionPair:
    """A run against the first one.

    Attributes:
        first, second: their labels.
        count: examples that both were scored on.
        first_nearer, second_nearer: in how many of them one of the two is nearer.
        difference: the mean absolute error of the second minus that of the first.
        interval: 95% bootstrap of `difference`.
        p: two-sided, of the same draws.
        adjusted_p: after Holm's correction for all comparisons.
        comparisons: how many there are.
    """

    first: str
    second: str
    count: int
    first_nearer: int
    second_nearer: int
    difference: float
    interval: tuple[float, float]
    p: float
    adjusted_p: float
    comparisons: int = 1

    @property
    def is_shown(self) -> bool:
        """Whether the difference is more than chance explains, at the 5% level over all comparisons."""
        return self.adjusted_p < 1 - LEVEL

    @property
    def sentence(self) -> str:
        """`B is better than A by 0.12 of mean absolute error, 95% interval 0.08 to 0.16: shown (nearer in 60 of 90 …)`."""
        (low, high), better, worse, nearer = self.interval, self.first, self.second, self.first_nearer
        if self.difference < 0:
            better, worse, low, high, nearer = worse, better, -high, -low, self.second_nearer
        interval = f"95% interval {quantity(low + 0.0)} to {quantity(high + 0.0)}"
        if self.difference == 0:
            return f"{better} and {worse} have the same mean absolute error; {interval}"
        error = f"{quantity(abs(self.difference))} of mean absolute error"
        verdict = "shown" if self.is_shown else "not shown"
        test = f"nearer in {nearer:,} of {self.count:,} examples; paired bootstrap, {p_text(self.p)}"
        if self.comparisons > 1:
            test += f"; {p_text(self.adjusted_p)} after Holm's correction for {self.comparisons} comparisons"
        return f"{better} is better than {worse} by {error}, {interval}: {verdict} ({test})"

    def as_json(self) -> dict[str, Any]:
        return {
            "first": self.first,
            "second": self.second,
            "difference": self.difference,
            "interval": self.interval,
            "first_nearer": self.first_nearer,
            "second_nearer": self.second_nearer,
            "test": "paired bootstrap of the absolute error",
            "p": self.p,
            "p_holm": self.adjusted_p,
            "shown": self.is_shown,
            "sentence": self.sentence,
        }


def side(run: Recorded, label: str) -> RegressionSide:
    """Make a run ready to be compared.

    Raises:
        OutputError: its predictions are no numbers.
    """
    try:
        true, said = (np.array([row.split() for row in rows], np.float64) for rows in (run.true, run.predicted))
    except ValueError as error:
        file = run.listed.summary.path / "predictions.csv"
        raise OutputError(f"{file} is damaged: it does not hold numbers", hint="train the run again") from error
    assert isinstance(run.result, RegressionResult)
    return RegressionSide(run, label, np.abs(said - true).mean(axis=1), run.result)


def pair(first: RegressionSide, second: RegressionSide) -> RegressionPair:
    """Compare a run with the first one, before any correction for several comparisons."""
    differences = second.errors - first.errors
    interval, p = statistics.paired_bootstrap(differences)
    return RegressionPair(
        first=first.label,
        second=second.label,
        count=len(differences),
        first_nearer=int(np.sum(differences > 0)),
        second_nearer=int(np.sum(differences < 0)),
        difference=float(differences.mean()),
        interval=interval,
        p=p,
        adjusted_p=p,
    )
