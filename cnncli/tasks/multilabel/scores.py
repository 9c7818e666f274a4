"""Scores of a multi-label classification: precision, recall, F1 and average precision by label, bootstrap intervals."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from cnncli.errors import DivergedError
from cnncli.tasks.classification.thresholds import BestThreshold, ThresholdScore, sweep_thresholds
from cnncli.tasks.result import Interval, Intervals, Part, Score
from cnncli.tasks.statistics import BOOTSTRAP, LEVEL

THRESHOLD = 0.5  # of a probability, above which a label is predicted
MOST_WRONG = 25
MOST_TOGETHER = 10
_SAMPLES = 1000
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


def multilabel_scores(
    targets: NDArray[np.uint8],
    probabilities: NDArray[np.float32],
    names: Sequence[str],
    *,
    files: Sequence[str] | None = None,
) -> Scores:
    """Score the probabilities of labels.

    Args:
        targets: (count, labels), 0 or 1; at least one example.
        probabilities: (count, labels) in [0, 1].
        names: of the labels.
        files: one an example, when the examples came from files.

    Raises:
        DivergedError: a probability is not a number.
    """
    broken = np.flatnonzero(~np.isfinite(probabilities).all(axis=1))
    if broken.size:
        message = (
            f"the network's output is not a number for {broken.size} of {len(targets)} examples, first {broken[0]}"
        )
        raise DivergedError(message, hint="its weights or the data hold NaN or infinity: lower the learning_rate")
    true, said = targets.astype(bool), probabilities > THRESHOLD
    right, predicted, support = (np.count_nonzero(each, axis=0) for each in (true & said, said, true))
    precision, recall = _divided(right, predicted), _divided(right, support)
    f1 = _divided(2 * right, predicted + support)
    areas = [_areas(column, scores) for column, scores in zip(true.T, probabilities.T, strict=True)]
    sweep = sweep_thresholds(targets.ravel().astype(np.int64), probabilities.ravel())
    return Scores(
        count=len(targets),
        intervals=_intervals(true, said),
        macro_precision=_mean(precision),
        macro_recall=_mean(recall),
        macro_f1=_mean(f1),
        macro_average_precision=_mean([average_precision for average_precision, _ in areas]),
        micro_precision=_score(right, predicted),
        micro_recall=_score(right, support),
        micro_f1=_score(2 * right, predicted + support),
        exact_match=float(np.mean((true == said).all(axis=1))),
        hamming_loss=float(np.mean(true != said)),
        baseline=Baseline(
            macro_f1=_mean(_divided(2 * support, support + len(targets))),
            micro_f1=_score(2 * support, support + len(targets)),
        ),
        per_label=tuple(
            LabelScore(name=name, precision=p, recall=r, f1=f, average_precision=area, roc_auc=auc, support=int(count))
            for name, p, r, f, (area, auc), count in zip(
                names, precision.tolist(), recall.tolist(), f1.tolist(), areas, support, strict=True
            )
        ),
        together=tuple(_together(targets, names)),
        thresholds=sweep.rows,
        best_threshold=sweep.best,
        most_wrong=tuple(_most_wrong(true, said, losses(targets, probabilities), names, files)),
    )


def losses(targets: NDArray[np.uint8], probabilities: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """The mean binary crossentropy of each example: float64 (count,)."""
    of_the_truth = np.where(targets.astype(bool), probabilities, 1 - probabilities).astype(np.float64)
    mean: NDArray[np.float64] = -np.log(np.clip(of_the_truth, 1e-7, 1)).mean(axis=1)
    return mean


def _areas(true: NDArray[np.bool_], scores: NDArray[Any]) -> tuple[float | None, float | None]:
    """Average precision and ROC AUC of a label; None where they are not defined."""
    from sklearn.metrics import average_precision_score, roc_auc_score  # 1.4 s to import

    if true.all() or not true.any():
        return None, None
    return float(average_precision_score(true, scores)), float(roc_auc_score(true, scores))


def _together(targets: NDArray[np.uint8], names: Sequence[str]) -> Iterator[Together]:
    floats = targets.astype(np.float32)
    counts = np.triu(floats.T @ floats, 1)
    for cell in np.argsort(-counts, axis=None, kind="stable")[:MOST_TOGETHER]:
        first, second = divmod(int(cell), len(names))
        if count := int(counts[first, second]):
            yield Together(first=names[first], second=names[second], count=count)


def _most_wrong(
    true: NDArray[np.bool_],
    said: NDArray[np.bool_],
    loss: NDArray[np.float64],
    names: Sequence[str],
    files: Sequence[str] | None,
) -> Iterator[Wrong]:
    wrong = np.flatnonzero((true != said).any(axis=1))
    for index in wrong[np.argsort(-loss[wrong], kind="stable")[:MOST_WRONG]].tolist():
        yield Wrong(
            index=index,
            file=files[index] if files is not None else None,
            true=tuple(names[column] for column in np.flatnonzero(true[index]).tolist()),
            predicted=tuple(names[column] for column in np.flatnonzero(said[index]).tolist()),
            loss=float(loss[index]),
        )


def _intervals(true: NDArray[np.bool_], said: NDArray[np.bool_], *, seed: int = 0) -> LabelIntervals:
    """Draw the examples again, with replacement."""
    random, count = np.random.default_rng(seed), len(true)
    right, both = (true & said).astype(np.float32), true.astype(np.float32) + said  # (count, labels)
    macro, micro = [], []
    rows = max(1, _AT_A_TIME // count)
    for done in range(0, _SAMPLES, rows):
        drawn = random.integers(count, size=(min(rows, _SAMPLES - done), count))
        weights = np.stack([np.bincount(row, minlength=count) for row in drawn]).astype(np.float32)
        hits, totals = weights @ right, weights @ both  # (draws, labels)
        defined = np.maximum((totals > 0).sum(axis=1), 1)  # labels of a draw that occur or are predicted
        macro.append(_divided(2 * hits, totals + (totals == 0)).sum(axis=1) / defined)
        micro.append(2 * hits.sum(axis=1) / np.maximum(totals.sum(axis=1), 1))
    tail = 100 * (1 - LEVEL) / 2
    bounds = [np.percentile(np.concatenate(each), [tail, 100 - tail]).tolist() for each in (macro, micro)]
    return LabelIntervals(level=LEVEL, samples=_SAMPLES, seed=seed, macro_f1=bounds[0], micro_f1=bounds[1])


def _divided(counts: NDArray[Any], totals: NDArray[Any]) -> NDArray[np.float64]:
    """Divide; NaN where the total is 0."""
    counts, totals = np.asarray(counts, np.float64), np.asarray(totals, np.float64)
    shares: NDArray[np.float64] = np.divide(counts, totals, out=np.full(counts.shape, np.nan), where=totals > 0)
    return shares


def _score(counts: NDArray[Any], totals: NDArray[Any]) -> float:
    return float(_divided(counts.sum(), totals.sum()))


def _mean(values: Any) -> float | None:
    known = [value for value in values if value is not None and not math.isnan(value)]
    return math.fsum(known) / len(known) if known else None
