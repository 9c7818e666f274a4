"""Bootstrap: examples are drawn again, with replacement; percentile intervals and p-values of paired differences.

Efron and Tibshirani, An Introduction to the Bootstrap (1993), chapters 13 and 16. The draws are a pure function of seed, count
and number of draws, however many are held at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncli.tasks.statistics import LEVEL

AT_A_TIME = 2_000_000  # examples drawn at once: 16 MB
_PAIRED_DRAWS = 5000


def drawn_rows(count: int, samples: int, *, seed: int = 0, most: int = AT_A_TIME) -> Iterator[NDArray[np.int64]]:
    """The examples of each draw, some draws at a time: int64 (draws, count).

    Args:
        count: of examples, and how many a draw has.
        samples: how many draws.
        most: examples of all draws that are held at once; one draw at least.
    """
    random = np.random.default_rng(seed)
    some = max(1, most // count)
    for done in range(0, samples, some):
        yield random.integers(count, size=(min(some, samples - done), count))


def drawn_counts(count: int, samples: int, *, seed: int = 0) -> Iterator[NDArray[np.float64]]:
    """How often each example is in a draw, one draw after the other: float64 (count,)."""
    for rows in drawn_rows(count, samples, seed=seed):
        for row in rows:
            yield np.bincount(row, minlength=count).astype(np.float64)


def percentiles(values: Any, *, level: float = LEVEL) -> NDArray[np.float64]:
    """The ends of the percentile interval of drawn scores: (2, …) of (draws, …)."""
    tail = 100 * (1 - level) / 2
    return np.asarray(np.percentile(values, [tail, 100 - tail], axis=0))


def paired_bootstrap(differences: NDArray[np.float64], *, seed: int = 0) -> tuple[tuple[float, float], float]:
    """Draw the examples again, both runs' errors together, and look at the mean difference.

    Args:
        differences: float64 (examples,).
        seed: the same seed, the same result.

    Returns:
        The 95% percentile interval of the mean, and the two-sided p-value.
    """
    drawn = drawn_rows(len(differences), _PAIRED_DRAWS, seed=seed)
    return interval_and_p(np.concatenate([differences[rows].mean(axis=1) for rows in drawn]))


def interval_and_p(differences: NDArray[np.float64], *, draws: int | None = None) -> tuple[tuple[float, float], float]:
    """The percentile interval of drawn differences, and the two-sided p-value.

    That is twice the share of the draws on the other side of 0, counting the data itself as a draw, so that it is never 0.

    Args:
        differences: float64 (draws,), at least one.
        draws: how many there were, where some gave no difference.
    """
    low, high = percentiles(differences).tolist()
    smaller = min(int(np.sum(differences <= 0)), int(np.sum(differences >= 0)))
    return (low, high), min(1.0, 2 * (smaller + 1) / ((len(differences) if draws is None else draws) + 1))
