"""Compare classifiers on the same examples: McNemar's test and a bootstrap interval of the difference in accuracy."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from cnncli.messages import cell
from cnncli.tasks import statistics
from cnncli.tasks.classification.result import ClassificationResult
from cnncli.tasks.recorded_run import Recorded
from cnncli.tasks.result import Interval
from cnncli.tasks.statistics import LEVEL, McNemar, p_text

TARGET = "class"  # what an example has


@dataclass(frozen=True, slots=True, eq=False)
class ClassificationSide:
    """One run of a comparison.

    Attributes:
        run: what its folder says.
        label: its name in the comparison: `mnist/first`, or its path where two have one name.
    """

    run: Recorded
    label: str
    result: ClassificationResult

    @property
    def measures(self) -> list[tuple[str, float | None, Interval | None]]:
        """What is compared: its name, its value and its interval; the first is the main one."""
        result, intervals = self.result, self.result.intervals
        return [
            ("accuracy", result.accuracy, intervals.accuracy),
            ("macro F1", result.macro_f1, intervals.macro_f1),
        ]

    def text(self, value: float | None) -> str:
        """A value of `measures` as a table shows it."""
        return cell(value)

    def as_json(self) -> dict[str, Any]:
        (_, accuracy, accuracy_interval), (_, macro_f1, macro_f1_interval) = self.measures
        return {
            "accuracy": accuracy,
            "accuracy_interval": accuracy_interval,
            "macro_f1": macro_f1,
            "macro_f1_interval": macro_f1_interval,
        }


@dataclass(frozen=True, slots=True)
class ClassificationPair:
    """A run against the first one.

    Attributes:
        first, second: their labels.
        count: examples that both were scored on.
        first_only, second_only: how many of them only one of the two gets right.
        both_right: how many both get right.
        interval: 95% bootstrap of `difference`.
        test: McNemar's.
        adjusted_p: its p after Holm's correction for all comparisons.
        comparisons: how many there are.
    """

    first: str
    second: str
    count: int
    first_only: int
    second_only: int
    both_right: int
    interval: tuple[float, float]
    test: McNemar
    adjusted_p: float
    comparisons: int = 1

    @property
    def p(self) -> float:
        """Of the test, before the correction."""
        return self.test.p

    @property
    def difference(self) -> float:
        """Accuracy of the second minus that of the first."""
        return (self.second_only - self.first_only) / self.count

    @property
    def is_shown(self) -> bool:
        """Whether the difference is more than chance explains, at the 5% level over all comparisons."""
        return self.adjusted_p < 1 - LEVEL

    @property
    def sentence(self) -> str:
        """`B is better than A by 0.4 points, 95% interval -0.1 to 0.9: not shown (alone right 9 to 5 times; …)`."""
        digits = max(1, math.ceil(math.log10(self.count / 100)))  # one example more or less is seen
        low, high = (100 * bound for bound in self.interval)
        better, worse = self.second, self.first
        if self.difference < 0:
            better, worse, low, high = worse, better, -high, -low
        interval = f"95% interval {_plain(low, digits)} to {_plain(high, digits)}"
        if self.difference == 0:
            agree = "" if self.first_only else ", and right on the same examples"
            return f"{better} and {worse} are equally accurate{agree}; {interval} points"
        points = f"{100 * abs(self.difference):.{digits}f} points"
        verdict = "shown" if self.is_shown else "not shown"
        return f"{better} is better than {worse} by {points}, {interval}: {verdict} ({self._test_text()})"

    def _test_text(self) -> str:
        alone = sorted((self.first_only, self.second_only), reverse=True)
        text = f"alone right {alone[0]:,} to {alone[1]:,} times; McNemar's test, {p_text(self.test.p)}"
        if self.comparisons > 1:
            text += f"; {p_text(self.adjusted_p)} after Holm's correction for {self.comparisons} comparisons"
        return text

    def as_json(self) -> dict[str, Any]:
        return {
            "first": self.first,
            "second": self.second,
            "difference": self.difference,
            "interval": self.interval,
            "both_right": self.both_right,
            "only_first_right": self.first_only,
            "only_second_right": self.second_only,
            "both_wrong": self.count - self.both_right - self.first_only - self.second_only,
            "test": self.test.method,
            "statistic": self.test.statistic,
            "p": self.test.p,
            "p_holm": self.adjusted_p,
            "shown": self.is_shown,
            "sentence": self.sentence,
        }


def side(run: Recorded, label: str) -> ClassificationSide:
    """Prepare a run for the comparison."""
    assert isinstance(run.result, ClassificationResult)
    return ClassificationSide(run, label, run.result)


def pair(first: ClassificationSide, second: ClassificationSide) -> ClassificationPair:
    """Compare a run with the first one, before any correction for several comparisons."""
    answers = list(zip(_right(first.run), _right(second.run), strict=True))
    first_only, second_only = answers.count((True, False)), answers.count((False, True))
    test = statistics.mcnemar(first_only, second_only)
    return ClassificationPair(
        first=first.label,
        second=second.label,
        count=len(answers),
        first_only=first_only,
        second_only=second_only,
        both_right=answers.count((True, True)),
        interval=statistics.difference_interval(first_only, second_only, len(answers)),
        test=test,
        adjusted_p=test.p,
    )


def _right(run: Recorded) -> list[bool]:
    """Which of the examples were predicted right."""
    return [true == said for true, said in zip(run.true, run.predicted, strict=True)]


def _plain(value: float, digits: int) -> str:
    """A number without the sign of a zero that was rounded down."""
    return f"{round(value, digits) + 0.0:.{digits}f}"
