"""The base of comparisons: the scores of a run, and the difference of two runs with its test."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from cnncli.messages import cell
from cnncli.tasks.recorded_run import Recorded
from cnncli.tasks.resampling import paired_bootstrap
from cnncli.tasks.result import Interval
from cnncli.tasks.statistics import LEVEL, p_text


@dataclass(frozen=True, eq=False)
class Side:
    """One run of a comparison.

    Attributes:
        run: what its folder says.
        label: its name in the comparison: `mnist/first`, or its path where two have one name.
        SCORES: what is compared: the field of the result and its name in words; the first is the main one.
        BOUNDS: the least and the largest value that they can have.
    """

    run: Recorded
    label: str

    SCORES: ClassVar[dict[str, str]]
    BOUNDS: ClassVar[tuple[float, float]] = (-math.inf, math.inf)

    def _score(self, field: str) -> tuple[float | None, Interval | None]:
        result = self.run.result
        return getattr(result, field), getattr(result.intervals, field, None)

    @property
    def measures(self) -> list[tuple[str, float | None, Interval | None]]:
        """What is compared: its name, its value and its interval."""
        return [(words, *self._score(field)) for field, words in self.SCORES.items()]

    def text(self, value: float | None) -> str:
        """A value of `measures` as a table shows it."""
        return cell(value)

    def as_json(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for field in self.SCORES:
            found[field], found[f"{field}_interval"] = self._score(field)
        return found


@dataclass(frozen=True, kw_only=True)
class Pair(ABC):
    """A run against the first one.

    Attributes:
        first, second: their labels.
        count: examples that both were scored on.
        interval: 95% bootstrap of the difference.
        p: of the test, two-sided, before any correction for several comparisons.
        adjusted_p: after Holm's correction for all comparisons.
        comparisons: how many there are.
    """

    first: str
    second: str
    count: int
    interval: tuple[float, float]
    p: float
    adjusted_p: float
    comparisons: int = 1

    @property
    def is_significant(self) -> bool:
        """Whether the difference is more than chance explains, at the 5% level over all comparisons."""
        return self.adjusted_p < 1 - LEVEL

    @property
    @abstractmethod
    def sentence(self) -> str:
        """Which of the two is better, and whether that is more than chance explains."""

    def verdict(self, test: str) -> str:
        """`significant (McNemar's test, p = 0.012; Holm-corrected for 2 comparisons p = 0.024)`.

        Args:
            test: the test in words, without its p-value.
        """
        text = f"{test}, {p_text(self.p)}"
        if self.comparisons > 1:
            text += f"; Holm-corrected for {self.comparisons} comparisons {p_text(self.adjusted_p)}"
        return f"{'significant' if self.is_significant else 'not significant'} ({text})"

    def as_json(self) -> dict[str, Any]:
        return {
            "first": self.first,
            "second": self.second,
            "interval": self.interval,
            "p": self.p,
            "p_holm": self.adjusted_p,
            "shown": self.is_significant,
            "sentence": self.sentence,
        }


@dataclass(frozen=True, kw_only=True)
class ErrorPair(Pair):
    """Two runs by an error of each example, of which less is better: a paired bootstrap.

    Attributes:
        first_nearer, second_nearer: in how many of the examples one of the two has the smaller error.
        difference: the mean error of the second minus that of the first.
        ERROR: the error in words.
    """

    first_nearer: int
    second_nearer: int
    difference: float

    ERROR: ClassVar[str]

    @classmethod
    def of(cls, first: str, second: str, differences: NDArray[np.float64]) -> ErrorPair:
        """Compare two runs by their labels and the differences of their errors (examples,), second minus first."""
        interval, p = paired_bootstrap(differences)
        return cls(
            first=first,
            second=second,
            count=len(differences),
            interval=interval,
            p=p,
            adjusted_p=p,
            first_nearer=int(np.sum(differences > 0)),
            second_nearer=int(np.sum(differences < 0)),
            difference=float(differences.mean()),
        )

    @abstractmethod
    def amount(self, value: float) -> str:
        """A difference as text."""

    @property
    def sentence(self) -> str:
        """`B is better than A by 0.12 of mean absolute error, 95% interval 0.08 to 0.16: significant (…)`."""
        (low, high), better, worse, nearer = self.interval, self.first, self.second, self.first_nearer
        if self.difference < 0:
            better, worse, low, high, nearer = worse, better, -high, -low, self.second_nearer
        interval = f"95% interval {self.amount(low + 0.0)} to {self.amount(high + 0.0)}"
        if self.difference == 0:
            return f"{better} and {worse} have the same {self.ERROR}; {interval}"
        error = f"{self.amount(abs(self.difference))} of {self.ERROR}"
        test = f"smaller error in {nearer:,} of {self.count:,} examples; paired bootstrap"
        return f"{better} is better than {worse} by {error}, {interval}: {self.verdict(test)}"

    def as_json(self) -> dict[str, Any]:
        return {
            **super().as_json(),
            "difference": self.difference,
            "first_nearer": self.first_nearer,
            "second_nearer": self.second_nearer,
            "test": f"paired bootstrap of the {self.ERROR.removeprefix('mean ')}",
        }
