"""Score an embedding of identities batch by batch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncli.data.dataset import Examples
from cnncli.tasks.diverged_outputs import refuse_diverged
from cnncli.tasks.identities import identity_bootstrap
from cnncli.tasks.identities.neighbours import Neighbours, find_neighbours
from cnncli.tasks.identities.pair_scores import (
    FALSE_ACCEPTANCE,
    Curve,
    Curves,
    Pairs,
    error_rates,
    pairs_of,
    similarities,
)
from cnncli.tasks.identities.predictions import to_csv
from cnncli.tasks.identities.result import Example, ExamplePair, IdentitiesResult, IdentityIntervals
from cnncli.tasks.identities.targets import IdentityTargets
from cnncli.tasks.spooled_rows import SpooledRows
from cnncli.tasks.statistics import LEVEL

METHOD = "percentile bootstrap over identities"
MOST_LISTED = 20  # pairs of each kind


@dataclass(frozen=True)
class Scored:
    """Examples that a network has given vectors.

    Attributes:
        labels: int32 (count,), the identity of each.
        outputs: float32 (count, size), unit vectors.
        neighbours: the nearest other example of each.
        pairs: that were compared.
        values: float64 (pairs,), their similarities.
        curve: of these; None where there are no pairs of one kind.
        wrong: int64 (any,), the examples whose nearest neighbour is of another identity, the nearest first.
        predicted: there are no classes.
    """

    result: IdentitiesResult
    labels: NDArray[np.int32]
    outputs: SpooledRows
    neighbours: Neighbours
    pairs: Pairs
    values: NDArray[np.float64]
    curve: Curve | None
    wrong: NDArray[np.int64]
    predicted: None = None

    def csv_lines(self, examples: Examples, targets: IdentityTargets) -> Iterator[str]:
        """predictions.csv: a line for each example."""
        return to_csv(self.labels, self.outputs, self.neighbours, targets, files=examples.files)


class IdentitiesScorer:
    """Scores of batches; see `Scorer`. The vectors are held in memory once all are there.

    Args:
        targets: with the names of the identities, and the threshold where it is known.
        files: one an example, when the examples came from files.
    """

    def __init__(self, targets: IdentityTargets, *, files: Sequence[str] | None = None) -> None:
        self._targets, self._files = targets, files
        self._labels: list[NDArray[np.int32]] = []
        self._outputs = SpooledRows()
        self._is_diverged: list[NDArray[np.bool_]] = []

    def update(self, targets: NDArray[np.int32], outputs: NDArray[np.float32]) -> None:
        """Take a batch.

        Args:
            targets: int32 (batch,).
            outputs: float32 (batch, size), unit vectors.
        """
        self._labels.append(targets)
        self._outputs.append(outputs)
        self._is_diverged.append(np.asarray(~np.isfinite(outputs).all(axis=1)))

    def result(self, **common: Any) -> Scored:
        """Score all batches.

        Args:
            common: the fields that every `Result` has.

        Raises:
            DivergedError: an output is not a number.
        """
        refuse_diverged(np.concatenate(self._is_diverged), "not a number")
        labels = np.concatenate(self._labels)
        vectors = np.concatenate(list(self._outputs.blocks()))  # (count, size)
        pairs = pairs_of(labels)
        values = similarities(vectors, pairs)
        curve = Curves(values, pairs.same).curve() if pairs.same.any() and not pairs.same.all() else None
        neighbours = find_neighbours(vectors, labels)
        wrong = np.flatnonzero(neighbours.counted & ~neighbours.right)
        wrong = wrong[np.argsort(-neighbours.values[wrong], kind="stable")]
        threshold = self._targets.threshold
        rates = error_rates(values, pairs.same, threshold) if threshold is not None and curve else (None, None)
        different = int((~pairs.same).sum())
        _, sizes = np.unique(labels, return_counts=True)
        at = [_true_acceptance(curve, rate, different) for rate in FALSE_ACCEPTANCE]
        result = IdentitiesResult(
            **common,
            count=len(labels),
            intervals=_intervals(vectors, labels, neighbours),
            identities=len(sizes),
            same_pairs=len(pairs) - different,
            different_pairs=different,
            are_sampled=pairs.is_sample,
            auc=curve.area if curve else None,
            tar_at_far_0_01=at[0],
            tar_at_far_0_001=at[1],
            equal_error_rate=curve.equal_error[0] if curve else None,
            threshold=threshold,
            false_acceptance=rates[0],
            false_rejection=rates[1],
            recall_at_1=neighbours.recall,
            chance_of_recall=_chance(sizes),
            most_alike=self._extreme(pairs, values, labels, same=False),
            least_alike=self._extreme(pairs, values, labels, same=True),
            wrong_neighbours=tuple(
                self._pair(labels, index, int(neighbours.nearest[index]), float(neighbours.values[index]))
                for index in wrong[:MOST_LISTED].tolist()
            ),
        )
        return Scored(result, labels, self._outputs, neighbours, pairs, values, curve, wrong)

    def _extreme(
        self, pairs: Pairs, values: NDArray[np.float64], labels: NDArray[np.int32], *, same: bool
    ) -> tuple[ExamplePair, ...]:
        """The pairs that are the hardest to tell: of one identity the least similar ones, of two the most similar ones."""
        rows = np.flatnonzero(pairs.same == same)
        rows = rows[np.argsort(values[rows] if same else -values[rows], kind="stable")[:MOST_LISTED]]
        ends = zip(pairs.first[rows].tolist(), pairs.second[rows].tolist(), values[rows].tolist(), strict=True)
        return tuple(self._pair(labels, one, other, value) for one, other, value in ends)

    def _pair(self, labels: NDArray[np.int32], one: int, other: int, value: float) -> ExamplePair:
        first, second = (
            Example(
                index=index,
                file=self._files[index] if self._files is not None else None,
                identity=self._targets.name_of(int(labels[index])),
            )
            for index in (one, other)
        )
        return ExamplePair(first=first, second=second, similarity=value)


def _true_acceptance(curve: Curve | None, rate: float, different: int) -> float | None:
    """None where so few pairs are of two identities that one of them is more than the rate."""
    return curve.true_acceptance(rate) if curve and rate * different >= 1 else None


def _chance(sizes: NDArray[np.integer]) -> float | None:
    """How often a random other example is of the same identity, among those that have one."""
    counted = sizes[sizes > 1]
    others = int(sizes.sum()) - 1
    return float((counted * (counted - 1)).sum() / (counted.sum() * others)) if len(counted) else None


def _intervals(vectors: NDArray[np.float32], labels: NDArray[np.int32], neighbours: Neighbours) -> IdentityIntervals:
    _, identities = np.unique(labels, return_inverse=True)
    pairs = pairs_of(labels, most=identity_bootstrap.MOST_PAIRS)
    curves = Curves(similarities(vectors, pairs), pairs.same)
    counts = int((~pairs.same).sum())
    latest: dict[int, Curve | None] = {}

    def curve(drawn: NDArray[np.float64]) -> Curve | None:
        """Of a draw, which all scores share."""
        if id(drawn) not in latest:
            latest.clear()
            latest[id(drawn)] = curves.curve(identity_bootstrap.pair_weights(drawn, identities, pairs))
        return latest[id(drawn)]

    def recall(drawn: NDArray[np.float64]) -> float | None:
        weights = drawn[identities] * neighbours.counted
        return float((weights * neighbours.right).sum() / weights.sum()) if weights.sum() else None

    def at(rate: float) -> identity_bootstrap.Score:
        return lambda drawn: _true_acceptance(curve(drawn), rate, counts)

    found = identity_bootstrap.intervals(
        int(identities.max()) + 1,
        {
            "auc": lambda drawn: found.area if (found := curve(drawn)) else None,
            "tar_at_far_0_01": at(FALSE_ACCEPTANCE[0]),
            "tar_at_far_0_001": at(FALSE_ACCEPTANCE[1]),
            "equal_error_rate": lambda drawn: found.equal_error[0] if (found := curve(drawn)) else None,
            "recall_at_1": recall,
        },
    )
    return IdentityIntervals(level=LEVEL, method=METHOD, samples=identity_bootstrap.SAMPLES, seed=0, **found)


SCORER = IdentitiesScorer
