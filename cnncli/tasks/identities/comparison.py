"""Compare embeddings on the same examples: a paired bootstrap of the verification AUC over identities."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from cnncli.errors import OutputError
from cnncli.tasks.identities import identity_bootstrap
from cnncli.tasks.identities.pair_scores import Curves, Pairs, pairs_of, similarities
from cnncli.tasks.pairs import Pair, Side
from cnncli.tasks.recorded_run import Recorded
from cnncli.tasks.resampling import drawn_counts, interval_and_p

TARGET = "identity"  # what an example has


@dataclass(frozen=True, eq=False)
class IdentitiesSide(Side):
    """One run of a comparison.

    Attributes:
        identities: int64 (count,), the number of the identity of each example, from 0 without gaps.
        right: float64 (count,), 1 where the nearest neighbour is of the same identity.
        vectors: float32 (count, size); None where the examples are of several folds, whose vectors cannot be compared.
    """

    identities: NDArray[np.int64]
    right: NDArray[np.float64]
    vectors: NDArray[np.float32] | None

    SCORES: ClassVar[dict[str, str]] = {
        "auc": "verification AUC",
        "equal_error_rate": "equal error rate",
        "tar_at_far_0_01": "TAR at FAR 0.01",
        "recall_at_1": "recall@1",
    }
    BOUNDS: ClassVar[tuple[float, float]] = (0.0, 1.0)


@dataclass(frozen=True, kw_only=True)
class IdentitiesPair(Pair):
    """A run against the first one.

    Attributes:
        score: what is compared, in words.
        identities: that were drawn again.
        difference: of the score, the second minus the first.
    """

    score: str
    identities: int
    difference: float

    @property
    def sentence(self) -> str:
        """`B has a higher verification AUC than A by 0.0120, 95% interval 0.0080 to 0.0160: significant (…)`."""
        (low, high), better, worse = self.interval, self.second, self.first
        if self.difference < 0:
            better, worse, low, high = worse, better, -high, -low
        interval = f"95% interval {low + 0.0:.4f} to {high + 0.0:.4f}"
        if self.difference == 0:
            return f"{better} and {worse} have the same {self.score}; {interval}"
        test = f"paired bootstrap over {self.identities:,} identities"
        by = f"{abs(self.difference):.4f}, {interval}"
        return f"{better} has a higher {self.score} than {worse} by {by}: {self.verdict(test)}"

    def as_json(self) -> dict[str, Any]:
        test = f"paired bootstrap of the {self.score} over identities"
        return {**super().as_json(), "score": self.score, "difference": self.difference, "test": test}


def side(run: Recorded, label: str) -> IdentitiesSide:
    """Prepare a run for the comparison.

    Raises:
        OutputError: its vectors cannot be read.
    """
    _, identities = np.unique(np.array(run.true, object), return_inverse=True)
    right = np.array([true == nearest for true, nearest in zip(run.true, run.predicted, strict=True)], np.float64)
    vectors = read_vectors(run.listed.summary.path / "predictions.csv")
    is_whole = len(vectors) == len(run.true)
    return IdentitiesSide(run, label, identities.astype(np.int64), right, vectors if is_whole else None)


def read_vectors(file: Path) -> NDArray[np.float32]:
    """The vectors of predictions.csv, float32 (count, size).

    Raises:
        OutputError: it does not hold any.
    """
    try:
        with file.open(encoding="utf-8", newline="") as stream:
            table = csv.reader(stream)
            places = [place for place, title in enumerate(next(table, [])) if title.startswith("vector_")]
            vectors = np.array([[row[place] for place in places] for row in table], np.float32)
    except (OSError, ValueError, IndexError, csv.Error) as error:
        raise OutputError(f"{file} is damaged: its vectors cannot be read", hint="train the run again") from error
    if vectors.ndim != 2 or not vectors.size:
        raise OutputError(f"{file} is damaged: it holds no vectors", hint="train the run again")
    return vectors


def pair(first: IdentitiesSide, second: IdentitiesSide) -> IdentitiesPair:
    """Compare a run with the first one, before any correction for several comparisons."""
    pairs = pairs_of(first.identities, most=identity_bootstrap.MOST_PAIRS)
    if first.vectors is None or second.vectors is None or pairs.same.all() or not pairs.same.any():
        return _by_neighbours(first, second)
    return _by_area(first, second, first.vectors, second.vectors, pairs)


def _by_area(
    first: IdentitiesSide,
    second: IdentitiesSide,
    mine: NDArray[np.float32],
    theirs: NDArray[np.float32],
    pairs: Pairs,
) -> IdentitiesPair:
    values = [similarities(vectors, pairs) for vectors in (mine, theirs)]
    areas = [curve.area for each in values if (curve := Curves(each, pairs.same).curve())]
    interval, p = identity_bootstrap.area_difference(values, first.identities, pairs)
    return _pair(first, second, "verification AUC", areas[1] - areas[0], interval, p)


def _by_neighbours(first: IdentitiesSide, second: IdentitiesSide) -> IdentitiesPair:
    gained = second.right - first.right
    drawn_gains = []
    for drawn in drawn_counts(int(first.identities.max()) + 1, identity_bootstrap.SAMPLES):
        weights = drawn[first.identities]
        drawn_gains.append(float((weights * gained).sum() / weights.sum()))
    interval, p = interval_and_p(np.array(drawn_gains))
    return _pair(first, second, "recall@1", float(gained.mean()), interval, p)


def _pair(
    first: IdentitiesSide,
    second: IdentitiesSide,
    score: str,
    difference: float,
    interval: tuple[float, float],
    p: float,
) -> IdentitiesPair:
    return IdentitiesPair(
        first=first.label,
        second=second.label,
        count=len(first.identities),
        interval=interval,
        p=p,
        adjusted_p=p,
        score=score,
        identities=int(first.identities.max()) + 1,
        difference=difference,
    )
