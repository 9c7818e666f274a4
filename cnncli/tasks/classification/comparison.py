"""Compare classifiers on the same examples: McNemar's test and a bootstrap interval of the difference in accuracy."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

from cnncli.messages import counted
from cnncli.tasks import statistics
from cnncli.tasks.pairs import Pair, Side
from cnncli.tasks.recorded_run import Recorded
from cnncli.tasks.statistics import McNemar

TARGET = "class"  # what an example has


class ClassificationSide(Side):
    """One run of a comparison."""

    SCORES: ClassVar[dict[str, str]] = {"accuracy": "accuracy", "macro_f1": "macro F1"}
    BOUNDS: ClassVar[tuple[float, float]] = (0.0, 1.0)


@dataclass(frozen=True, kw_only=True)
class ClassificationPair(Pair):
    """A run against the first one.

    Attributes:
        first_only, second_only: how many examples only one of the two gets right.
        both_right: how many both get right.
        test: McNemar's.
    """

    first_only: int
    second_only: int
    both_right: int
    test: McNemar

    @property
    def difference(self) -> float:
        """Accuracy of the second minus that of the first."""
        return (self.second_only - self.first_only) / self.count

    @property
    def sentence(self) -> str:
        """`B is better than A by 0.4 points, 95% interval -0.1 to 0.9: not significant (9 examples only B …)`."""
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
        most, least = sorted((self.first_only, self.second_only), reverse=True)
        test = f"{counted(most, 'example')} only {better} gets right, {least:,} only {worse}; McNemar's test"
        return f"{better} is better than {worse} by {points}, {interval}: {self.verdict(test)}"

    def as_json(self) -> dict[str, Any]:
        return {
            **super().as_json(),
            "difference": self.difference,
            "both_right": self.both_right,
            "only_first_right": self.first_only,
            "only_second_right": self.second_only,
            "both_wrong": self.count - self.both_right - self.first_only - self.second_only,
            "test": self.test.method,
            "statistic": self.test.statistic,
        }


def side(run: Recorded, label: str) -> ClassificationSide:
    """Prepare a run for the comparison."""
    return ClassificationSide(run, label)


def pair(first: ClassificationSide, second: ClassificationSide) -> ClassificationPair:
    """Compare a run with the first one, before any correction for several comparisons."""
    answers = list(zip(first.run.right, second.run.right, strict=True))
    first_only, second_only = answers.count((True, False)), answers.count((False, True))
    test = statistics.mcnemar(first_only, second_only)
    return ClassificationPair(
        first=first.label,
        second=second.label,
        count=len(answers),
        interval=statistics.difference_interval(first_only, second_only, len(answers)),
        p=test.p,
        adjusted_p=test.p,
        first_only=first_only,
        second_only=second_only,
        both_right=answers.count((True, True)),
        test=test,
    )


def _plain(value: float, digits: int) -> str:
    """A number without the sign of a zero that was rounded down."""
    return f"{round(value, digits) + 0.0:.{digits}f}"
