"""Verification: are two examples of one identity? Pairs, their similarities, the ROC curve and its scores."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

MOST_PAIRS = 500_000  # of one identity, and as many of two: of more examples a sample is drawn
FALSE_ACCEPTANCE = (0.01, 0.001)  # at which rates the true acceptance is measured
_AT_A_TIME = 100_000  # pairs whose similarities are computed in one go
_DOMAIN = 0x50414952  # "PAIR": separates our stream of a seed from that of others


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Pairs of examples.

    Attributes:
        first, second: int64 (pairs,), examples, the first one before the second.
        same: bool (pairs,), whether both are of one identity.
        is_sample: whether there are more pairs than these.
    """

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    same: NDArray[np.bool_]
    is_sample: bool

    def __len__(self) -> int:
        return len(self.same)

    def take(self, indices: NDArray[np.int64]) -> Pairs:
        """Some of them, in that order."""
        return replace(self, first=self.first[indices], second=self.second[indices], same=self.same[indices])


def pairs_of(labels: NDArray[np.integer], *, most: int = MOST_PAIRS) -> Pairs:
    """All pairs of examples, or of many a sample: a pure function of the labels.

    Args:
        labels: int (count,), the identity of each example.
        most: pairs of one identity, and of two.
    """
    count = len(labels)
    _, numbers, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    every, same = count * (count - 1) // 2, int((sizes * (sizes - 1) // 2).sum())
    if max(same, every - same) <= most:
        first, second = np.triu_indices(count, 1)
        return Pairs(first.astype(np.int64), second.astype(np.int64), labels[first] == labels[second], False)
    random = np.random.PCG64([count, _DOMAIN])  # its raw numbers never change
    members = np.argsort(numbers, kind="stable").astype(np.int64)
    of_one = _of_one_identity(members, sizes, same, most, random)
    of_two = _of_two_identities(numbers, min(most, every - same), random) if same < every else of_one[:0]
    pairs = np.concatenate([of_one, of_two])
    first, second = pairs[:, 0], pairs[:, 1]
    return Pairs(first, second, labels[first] == labels[second], True)


def _of_one_identity(
    members: NDArray[np.int64], sizes: NDArray[np.integer], count: int, most: int, random: np.random.PCG64
) -> NDArray[np.int64]:
    """Pairs of one identity, int64 (pairs, 2), ascending."""
    ordered = sizes * (sizes - 1)  # each pair twice
    if count <= most:
        codes = np.arange(ordered.sum(), dtype=np.int64)
    else:
        codes = (random.random_raw(most) % np.uint64(ordered.sum())).astype(np.int64)
    identity = np.searchsorted(np.cumsum(ordered), codes, side="right")
    within = codes - (np.cumsum(ordered) - ordered)[identity]
    one, other = np.divmod(within, np.maximum(sizes[identity] - 1, 1))
    other += other >= one
    begins = (np.cumsum(sizes) - sizes)[identity]
    return _each_once(members[begins + one], members[begins + other])


def _of_two_identities(numbers: NDArray[np.integer], most: int, random: np.random.PCG64) -> NDArray[np.int64]:
    """Pairs of two identities, int64 (at most `most`, 2), ascending; nearly as many as are wanted."""
    count, found = np.uint64(len(numbers)), np.empty((0, 2), np.int64)
    for _ in range(20):
        one, other = ((random.random_raw(2 * most) % count).astype(np.int64) for _ in range(2))
        differ = np.flatnonzero(numbers[one] != numbers[other])[: most - len(found)]
        pairs = np.concatenate([found, np.stack([one[differ], other[differ]], axis=1)])
        found = _each_once(pairs[:, 0], pairs[:, 1])
        if len(found) >= 0.99 * most:
            break
    return found


def _each_once(one: NDArray[np.int64], other: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.unique(np.stack([np.minimum(one, other), np.maximum(one, other)], axis=1), axis=0)


def similarities(vectors: NDArray[np.float32], pairs: Pairs) -> NDArray[np.float64]:
    """The cosine of each pair of unit vectors, float64 (pairs,).

    Args:
        vectors: float32 (count, size).
    """
    found = np.empty(len(pairs))
    for begin in range(0, len(pairs), _AT_A_TIME):
        some = slice(begin, begin + _AT_A_TIME)
        first, second = (vectors[rows[some]].astype(np.float64) for rows in (pairs.first, pairs.second))
        found[some] = (first * second).sum(axis=1)
    return found


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """A ROC curve: shares of pairs that are taken for one identity, by the similarity from which on they are.

    Attributes:
        values: float64 (points,), the similarities, each once, the largest first.
        false: float64 (points + 1,), the share of the pairs of two identities that are taken for one; begins with 0.
        true: float64 (points + 1,), the same of the pairs of one identity.
    """

    values: NDArray[np.float64]
    false: NDArray[np.float64]
    true: NDArray[np.float64]

    @property
    def area(self) -> float:
        """The area under the curve: how often a pair of one identity is more similar than one of two."""
        return float(np.trapezoid(self.true, self.false))

    def true_acceptance(self, false_acceptance: float) -> float:
        """The largest share of pairs of one identity that is accepted where at most this share of the others is."""
        return float(self.true[np.searchsorted(self.false, false_acceptance, side="right") - 1])

    @property
    def equal_error(self) -> tuple[float, float]:
        """The error rate where as many pairs of one identity are rejected as others are accepted, and its threshold.

        Between two points of the curve the rate is interpolated; the threshold lies in the middle between two similarities.
        """
        missed = 1 - self.true
        after = int(np.argmax(self.false >= missed))
        before = after - 1
        gap = missed[before] - self.false[before]
        share = gap / (gap + self.false[after] - missed[after])
        rate = self.false[before] + share * (self.false[after] - self.false[before])
        nearer = before if share < 0.5 else after
        above = self.values[max(nearer - 1, 0)]
        below = self.values[min(nearer, len(self.values) - 1)]
        return float(rate), float((above + below) / 2)


class Curves:
    """ROC curves of the same pairs under different weights.

    Args:
        values: float (pairs,), similarities.
        same: bool (pairs,), some of them true and some false.
    """

    def __init__(self, values: NDArray[np.float64], same: NDArray[np.bool_]) -> None:
        self._order = np.argsort(-values, kind="stable")
        self._same = same[self._order]
        in_order = values[self._order]
        self._ends = np.flatnonzero(np.append(in_order[1:] != in_order[:-1], True))  # of equal similarities the last
        self._values = in_order[self._ends]

    def curve(self, weights: NDArray[np.float64] | None = None) -> Curve | None:
        """The curve where pairs count as often as weights say, float (pairs,); None where no pair of one kind counts."""
        counted = np.ones(len(self._order)) if weights is None else weights[self._order]
        true, false = (np.cumsum(counted * kind)[self._ends] for kind in (self._same, ~self._same))
        if not true[-1] or not false[-1]:
            return None
        return Curve(self._values, *(np.insert(each / each[-1], 0, 0.0) for each in (false, true)))


def error_rates(values: NDArray[np.float64], same: NDArray[np.bool_], threshold: float) -> tuple[float, float]:
    """The share of pairs of two identities that are accepted by a threshold, and that of one that are rejected."""
    accepted = values >= threshold
    return float(accepted[~same].mean()), float((~accepted[same]).mean())


def threshold_of(vectors: NDArray[np.float32], labels: NDArray[np.integer]) -> float | None:
    """The threshold of equal error rates; None where no two examples are of one identity, or all are.

    Args:
        vectors: float32 (count, size), of length 1.
        labels: int (count,).
    """
    pairs = pairs_of(labels)
    if pairs.same.all() or not pairs.same.any():
        return None
    curve = Curves(similarities(vectors, pairs), pairs.same).curve()
    return None if curve is None else curve.equal_error[1]
