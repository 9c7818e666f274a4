"""Statistics of comparisons: McNemar's test, intervals of differences, t intervals over folds, Holm's correction."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

BOOTSTRAP = "percentile bootstrap over examples"  # how intervals are made
T_INTERVAL = "t interval of the mean over folds"
LEVEL = 0.95  # of every interval; a difference is shown when p is below 1 - LEVEL

_FEW = 25  # discordant examples: the usual bound, below which the chi-square approximation is not trusted
_DRAWS = 10_000


@dataclass(frozen=True, slots=True)
class McNemar:
    """McNemar's test of two classifiers.

    Attributes:
        method: `exact binomial`, or `chi-square` with or without `Edwards' correction`.
        statistic: of the chi-square; None for the exact test.
        p: two-sided.
    """

    method: str
    statistic: float | None
    p: float


def mcnemar(first_only: int, second_only: int, *, exact: bool | None = None, corrected: bool = True) -> McNemar:
    """Test whether two classifiers are right equally often, by the examples that only one of them gets right.

    McNemar, Psychometrika 12 (1947); Edwards' continuity correction, Psychometrika 13 (1948); as Dietterich recommends
    for two networks that were each trained once, Neural Computation 10 (1998).

    Args:
        first_only: examples that only the first classifier gets right.
        second_only: examples that only the second one gets right.
        exact: by the binomial distribution; None: where fewer than 25 examples tell the two apart.
        corrected: Edwards' correction of the chi-square, (|b - c| - 1)^2 / (b + c) in the place of (b - c)^2 / (b + c).
    """
    discordant = first_only + second_only
    if exact if exact is not None else discordant < _FEW:
        tail = sum(math.comb(discordant, count) for count in range(min(first_only, second_only) + 1))
        return McNemar("exact binomial", None, min(1.0, 2 * tail / 2**discordant))
    distance = max(0, abs(first_only - second_only) - corrected)
    statistic = distance**2 / discordant if discordant else 0.0
    method = "chi-square with Edwards' correction" if corrected else "chi-square"
    return McNemar(method, statistic, math.erfc(math.sqrt(statistic / 2)))  # one degree of freedom


def difference_interval(first_only: int, second_only: int, count: int, *, seed: int = 0) -> tuple[float, float]:
    """The bootstrap percentile interval of accuracy(second) - accuracy(first) on the same examples.

    Each draw takes `count` examples with replacement, both classifiers' answers together. How many of them only one
    gets right is then multinomial, so the draws need no examples. Efron and Tibshirani, An Introduction to the Bootstrap
    (1993), chapter 13.

    Args:
        first_only, second_only: as for `mcnemar`.
        count: of all examples.
        seed: the same seed, the same interval.
    """
    shares = np.array([first_only, second_only, count - first_only - second_only]) / count
    drawn = np.random.default_rng(seed).multinomial(count, shares, size=_DRAWS)
    tail = 100 * (1 - LEVEL) / 2
    low, high = np.percentile((drawn[:, 1] - drawn[:, 0]) / count, [tail, 100 - tail]).tolist()
    return low, high


def t_interval(values: Sequence[float]) -> tuple[float, float]:
    """The interval of the mean of a few values by Student's t distribution, mean ± t * s / sqrt(n).

    Folds of a cross-validation share most of their training examples, so that it is narrower than it ought to be: Bengio
    and Grandvalet, Journal of Machine Learning Research 5 (2004).

    Args:
        values: two or more.
    """
    from scipy.special import stdtrit

    count, mean = len(values), float(np.mean(values))
    half = float(stdtrit(count - 1, (1 + LEVEL) / 2)) * float(np.std(values, ddof=1)) / math.sqrt(count)
    return mean - half, mean + half


def p_text(p: float) -> str:
    """`p = 0.017`, `p < 0.0001`."""
    return f"p = {p:.2g}" if p >= 0.0001 else "p < 0.0001"


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjust the p-values of several comparisons, each at least as large as before.

    The smallest is multiplied by their number, the next by one less, and so on, never below the one before and never
    above 1. Holm, Scandinavian Journal of Statistics 6 (1979).
    """
    adjusted = [0.0] * len(p_values)
    largest = 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = largest
    return adjusted
