"""Bootstrap of verification scores over identities: pairs of one identity are not independent of each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from cnncli.tasks.identities.pair_scores import Curves, Pairs
from cnncli.tasks.resampling import drawn_counts, interval_and_p, percentiles

SAMPLES = 500
MOST_PAIRS = 50_000  # of one identity, and of two, that are drawn again
Score = Callable[[NDArray[np.float64]], float | None]  # how often each identity was drawn -> the score


def pair_weights(drawn: NDArray[np.float64], identities: NDArray[np.int64], pairs: Pairs) -> NDArray[np.float64]:
    """How often each pair counts: a pair of one identity as often as it was drawn, one of two by the product.

    Two draws of one identity are no pair of two.

    Args:
        drawn: float64 (identities,).
        identities: int64 (count,), the number of the identity of each example, from 0 without gaps.
    """
    first, second = drawn[identities[pairs.first]], drawn[identities[pairs.second]]
    weights: NDArray[np.float64] = np.where(pairs.same, first, first * second)
    return weights


def intervals(count: int, scores: Mapping[str, Score], *, seed: int = 0) -> dict[str, tuple[float, float] | None]:
    """The percentile interval of each score over draws of the identities; None where some draws give no value.

    Args:
        count: of identities.
        scores: by name.
        seed: the same seed, the same intervals.
    """
    found: dict[str, list[float | None]] = {name: [] for name in scores}
    for drawn in drawn_counts(count, SAMPLES, seed=seed):
        for name, score in scores.items():
            found[name].append(score(drawn))
    return {name: _percentiles(values) for name, values in found.items()}


def _percentiles(values: Sequence[float | None]) -> tuple[float, float] | None:
    known = [value for value in values if value is not None]
    if 2 * len(known) < len(values):
        return None
    low, high = percentiles(known).tolist()
    return low, high


def area_difference(
    values: Sequence[NDArray[np.float64]], identities: NDArray[np.int64], pairs: Pairs, *, seed: int = 0
) -> tuple[tuple[float, float], float]:
    """The interval of the difference of two areas under ROC curves of the same pairs, and the p-value of a paired bootstrap.

    Args:
        values: the similarities of the pairs by each of two networks, float64 (pairs,).
        identities, pairs: as of `pair_weights`.

    Returns:
        The 95% percentile interval of the second area minus the first, and the two-sided p-value.
    """
    curves = [Curves(each, pairs.same) for each in values]
    differences = []
    for drawn in drawn_counts(int(identities.max()) + 1, SAMPLES, seed=seed):
        weights = pair_weights(drawn, identities, pairs)
        first, second = (each.curve(weights) for each in curves)
        if first is not None and second is not None:
            differences.append(second.area - first.area)
    return interval_and_p(np.array(differences))
