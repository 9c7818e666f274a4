"""Scores of a multi-label classification: precision, recall, F1 and average precision by label, bootstrap intervals."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from cnncli.tasks.classification.thresholds import BestThreshold, ThresholdScore
from cnncli.tasks.resampling import drawn_rows, percentiles
from cnncli.tasks.result import Interval, Intervals, Part, Score
from cnncli.tasks.spooled_rows import SpooledRows
from cnncli.tasks.statistics import BOOTSTRAP, LEVEL

THRESHOLD = 0.5  # of a probability, above which a label is predicted
MOST_WRONG = 25
MOST_TOGETHER = 10
SAMPLES = 1000
_AT_A_TIME = 8_000_000  # weights drawn at once: 32 MB


class LabelScore(Part):
    """How well one label is recognised.

    Attributes:
        name: the label.
        precision: share of its predictions that are right; None when it was never predicted.
        recall: share of its examples that were found; None when there are none.
        f1: 2 * right / (examples + predictions); None when there is neither.
        average_precision, roc_auc: over all thresholds; None where all examples or none have the label.
        support: how many examples have it.
    """

    name: str = Field(alias="class")
    precision: Score
    recall: Score
    f1: Score
    average_precision: Score
    roc_auc: Score
    support: int


class Together(Part):
    """Two labels that examples have together."""

    first: str
    second: str
    count: int


class Wrong(Part):
    """An example with wrong or missing labels.

    Attributes:
        index: which example of its split, from 0.
        file: where it came from, when it is known.
        true, predicted: its labels.
        loss: the mean binary crossentropy over the labels.
    """

    index: int
    file: str | None
    true: tuple[str, ...]
    predicted: tuple[str, ...]
    loss: float


class Baseline(Part):
    """What always predicting every label would reach."""

    macro_f1: Score
    micro_f1: Score


class LabelIntervals(Intervals):
    """Percentile bootstrap over examples."""

    method: str = BOOTSTRAP
    macro_f1: Interval
    micro_f1: Interval


class Scores(Part):
    """How well all labels are recognised.

    `macro_…` are means over the labels in which the score is defined; `micro_…` count all pairs of an example and a label.

    Attributes:
        count: examples.
        exact_match: share of the examples of which all labels are right.
        hamming_loss: share of the pairs of an example and a label that are wrong.
        per_label: one a label, in the order of the columns.
        together: pairs of labels by how many examples have both, most frequent first.
        thresholds: the micro-averaged scores by threshold.
        most_wrong: the examples with the largest loss, of those that are not an exact match.
    """

    count: int
    intervals: LabelIntervals
    macro_precision: Score
    macro_recall: Score
    macro_f1: Score
    macro_average_precision: Score
    micro_precision: Score
    micro_recall: Score
    micro_f1: Score
    exact_match: float
    hamming_loss: float
    baseline: Baseline
    per_label: tuple[LabelScore, ...]
    together: tuple[Together, ...]
    thresholds: tuple[ThresholdScore, ...]
    best_threshold: BestThreshold | None
    most_wrong: tuple[Wrong, ...]


def losses(targets: NDArray[Any], probabilities: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """The mean binary crossentropy of each example (count, labels): float64 (count,)."""
    of_the_truth = np.where(targets.astype(bool), probabilities, 1 - probabilities).astype(np.float64)
    mean: NDArray[np.float64] = -np.log(np.clip(of_the_truth, 1e-7, 1)).mean(axis=1)
    return mean


def areas(true: NDArray[np.bool_], scores: NDArray[Any]) -> tuple[float | None, float | None]:
    """Average precision and ROC AUC of a label, of (count,); None where they are not defined."""
    from sklearn.metrics import average_precision_score, roc_auc_score  # 1.4 s to import

    if true.all() or not true.any():
        return None, None
    return float(average_precision_score(true, scores)), float(roc_auc_score(true, scores))


def most_together(counts: NDArray[np.int64], names: Sequence[str]) -> Iterator[Together]:
    """The pairs of labels with the largest counts, of examples by [label][label]."""
    above = np.triu(counts, 1)
    for cell in np.argsort(-above, axis=None, kind="stable")[:MOST_TOGETHER]:
        first, second = divmod(int(cell), len(names))
        if count := int(above[first, second]):
            yield Together(first=names[first], second=names[second], count=count)


def bootstrap(targets: SpooledRows, probabilities: SpooledRows, *, seed: int = 0) -> LabelIntervals:
    """Draw the examples again, with replacement: intervals of macro and micro F1."""
    count = targets.shape[0]
    macro, micro = [], []
    for drawn in drawn_rows(count, SAMPLES, seed=seed, most=_AT_A_TIME):
        weights = np.stack([np.bincount(row, minlength=count) for row in drawn]).astype(np.float32)
        hits = totals = np.zeros((len(weights), targets.shape[1]), np.float32)
        place = 0
        for true, outputs in zip(targets.blocks(), probabilities.blocks(), strict=True):
            said, part = outputs > THRESHOLD, weights[:, place : place + len(true)]
            hits = hits + part @ (true & said).astype(np.float32)
            totals = totals + part @ (true + said.astype(np.float32))
            place += len(true)
        defined = np.maximum((totals > 0).sum(axis=1), 1)  # labels of a draw that occur or are predicted
        macro.append(divided(2 * hits, totals + (totals == 0)).sum(axis=1) / defined)
        micro.append(2 * hits.sum(axis=1) / np.maximum(totals.sum(axis=1), 1))
    bounds = [percentiles(np.concatenate(each)).tolist() for each in (macro, micro)]
    return LabelIntervals(level=LEVEL, samples=SAMPLES, seed=seed, macro_f1=bounds[0], micro_f1=bounds[1])


def divided(counts: NDArray[Any], totals: NDArray[Any]) -> NDArray[np.float64]:
    """Divide; NaN where the total is 0."""
    counts, totals = np.asarray(counts, np.float64), np.asarray(totals, np.float64)
    shares: NDArray[np.float64] = np.divide(counts, totals, out=np.full(counts.shape, np.nan), where=totals > 0)
    return shares


def micro_of(counts: NDArray[Any], totals: NDArray[Any]) -> float:
    """The share over all labels; NaN where the total is 0."""
    return float(divided(counts.sum(), totals.sum()))


def mean_of(values: Iterable[float | None]) -> float | None:
    """The mean of those that are defined; None where none is."""
    known = [value for value in values if value is not None and not math.isnan(value)]
    return math.fsum(known) / len(known) if known else None
