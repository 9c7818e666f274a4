"""Compare multi-label classifiers on the same examples: a paired bootstrap of the Hamming loss."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncli.messages import cell
from cnncli.tasks import statistics
from cnncli.tasks.multilabel.result import MultilabelResult
from cnncli.tasks.recorded_run import Recorded
from cnncli.tasks.result import Interval
from cnncli.tasks.statistics import LEVEL, p_text

TARGET = "set of labels"  # what an example has


@dataclass(frozen=True, slots=True, eq=False)
class MultilabelSide:
    """One run of a comparison.

    Attributes:
        run: what its folder says.
        label: its name in the comparison.
        errors: float64 (examples,), the share of the labels that are wrong.
    """

    run: Recorded
    label: str
    errors: NDArray[np.float64]
    result: MultilabelResult

    @property
    def measures(self) -> list[tuple[str, float | None, Interval | None]]:
        """What is compared: its name, its value and its interval; the first is the main one."""
        result, intervals = self.result, self.result.intervals
        return [
            ("macro F1", result.macro_f1, intervals.macro_f1),
            ("micro F1", result.micro_f1, intervals.micro_f1),
            ("exact match", result.exact_match, None),
        ]

    def text(self, value: float | None) -> str:
        """A value of `measures` as a table shows it."""
        return cell(value)

    def as_json(self) -> dict[str, Any]:
        names = ("macro_f1", "micro_f1", "exact_match")
        found: dict[str, Any] = {}
        for name, (_, value, interval) in zip(names, self.measures, strict=True):
            found |= {name: value, f"{name}_interval": interval}
        return found


@dataclass(frozen=True, slots=True)
class MultilabelPair:
    """A run against the first one.

    Attributes:
        first, second: their labels.
        count: examples that both were scored on.
        difference: the Hamming loss of the second minus that of the first.
        interval: 95% bootstrap of `difference`.
        p: two-sided, of the same draws.
        adjusted_p: after Holm's correction for all comparisons.
        comparisons: how many there are.
    """

    first: str
    second: str
    count: int
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
        """`B is better than A by 1.20 points of Hamming loss, 95% interval 0.80 to 1.60: shown (paired bootstrap, …)`."""
        (low, high), better, worse = self.interval, self.first, self.second
        if self.difference < 0:
            better, worse, low, high = worse, better, -high, -low
        interval = f"95% interval {100 * low + 0.0:.2f} to {100 * high + 0.0:.2f}"
        if self.difference == 0:
            return f"{better} and {worse} have the same Hamming loss; {interval} points"
        verdict = "shown" if self.is_shown else "not shown"
        test = f"paired bootstrap over {self.count:,} examples, {p_text(self.p)}"
        if self.comparisons > 1:
            test += f"; {p_text(self.adjusted_p)} after Holm's correction for {self.comparisons} comparisons"
        points = f"{100 * abs(self.difference):.2f} points of Hamming loss"
        return f"{better} is better than {worse} by {points}, {interval}: {verdict} ({test})"

    def as_json(self) -> dict[str, Any]:
        return {
            "first": self.first,
            "second": self.second,
            "difference": self.difference,
            "interval": self.interval,
            "test": "paired bootstrap of the Hamming loss",
            "p": self.p,
            "p_holm": self.adjusted_p,
            "shown": self.is_shown,
            "sentence": self.sentence,
        }


def side(run: Recorded, label: str) -> MultilabelSide:
    """Prepare a run for the comparison."""
    assert isinstance(run.result, MultilabelResult)
    true, said = (np.array([row.split() for row in rows]) for rows in (run.true, run.predicted))  # (examples, labels)
    return MultilabelSide(run, label, np.mean(true != said, axis=1), run.result)


def pair(first: MultilabelSide, second: MultilabelSide) -> MultilabelPair:
    """Compare a run with the first one, before any correction for several comparisons."""
    differences = second.errors - first.errors
    interval, p = statistics.paired_bootstrap(differences)
    return MultilabelPair(
        first=first.label,
        second=second.label,
        count=len(differences),
        difference=float(differences.mean()),
        interval=interval,
        p=p,
        adjusted_p=p,
    )
