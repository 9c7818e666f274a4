"""Scores of a regression: MAE, RMSE, R², bootstrap intervals, baseline, largest errors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncli.tasks.result import Interval, Intervals, Part, Score
from cnncli.tasks.spooled_rows import SpooledRows
from cnncli.tasks.statistics import BOOTSTRAP, LEVEL

MOST_WORST = 25
SAMPLES = 1000

_AT_A_TIME = 2_000_000  # counts drawn at once: 16 MB
_Columns = dict[str, NDArray[np.float64]]  # a value for each of the k numbers


class TargetScore(Part):
    """How near predictions come to their targets.

    Attributes:
        mean_absolute_error, median_absolute_error, root_mean_squared_error: in the targets' own unit.
        mean_error: predicted minus true; far from 0 the network says too much, or too little, on the whole.
        r2: the share of the targets' variance that is predicted; 0 is what always predicting their mean reaches. None where all
            targets are the same, or there is one.
        explained_variance: the same without what a constant added to every prediction would mend; None likewise.
    """

    mean_absolute_error: float
    median_absolute_error: float
    root_mean_squared_error: float
    mean_error: float
    r2: Score
    explained_variance: Score


class Baseline(Part):
    """What one would reach without looking at any example, by always predicting the mean of the training targets.

    Attributes:
        says: that mean, of each of the k numbers.
        mean_absolute_error, root_mean_squared_error: means over the k numbers.
    """

    says: tuple[float, ...]
    mean_absolute_error: float
    root_mean_squared_error: float


class RegressionIntervals(Intervals):
    """See `bootstrap`."""

    method: str = BOOTSTRAP
    mean_absolute_error: Interval
    root_mean_squared_error: Interval
    r2: Interval | None


class Worst(Part):
    """An example whose prediction is far off.

    Attributes:
        index: which example of its split, from 0; that of `predictions.csv`.
        file: where it came from, when it is known.
        true, predicted: k numbers each.
        error: predicted minus true.
    """

    index: int
    file: str | None
    true: tuple[float, ...]
    predicted: tuple[float, ...]
    error: tuple[float, ...]


class RegressionScores(TargetScore):
    """How near predictions come, each of the k numbers counting the same, and what belongs beside that.

    Attributes:
        count: examples.
        per_target: one for each of the k numbers.
        worst: the examples of the largest errors, largest first.
    """

    count: int
    baseline: Baseline
    intervals: RegressionIntervals
    per_target: tuple[TargetScore, ...]
    worst: tuple[Worst, ...]


def regression_scores(
    targets: SpooledRows,
    predicted: SpooledRows,
    training_mean: Sequence[float],
    *,
    files: Sequence[str] | None = None,
) -> tuple[RegressionScores, NDArray[np.int64]]:
    """Score predicted quantities against the true ones.

    Args:
        targets, predicted: float (examples, k), finite, at least one example.
        training_mean: of the targets that trained, k numbers.
        files: one an example, when the examples came from files.

    Returns:
        The scores, and int64 (examples,), the examples by the size of their errors, the largest first.
    """
    columns = _by_column(targets, predicted, np.asarray(training_mean, np.float64))
    pairs = zip(targets.blocks(), predicted.blocks(), strict=True)
    errors = np.concatenate([sizes_of_errors(true, said, columns["spread"]) for true, said in pairs])
    order: NDArray[np.int64] = np.argsort(-errors, kind="stable")
    per_target = tuple(
        TargetScore(**{name: float(columns[name][number]) for name in TargetScore.model_fields})
        for number in range(targets.shape[1])
    )
    scores = RegressionScores(
        **{name: _mean([getattr(each, name) for each in per_target]) for name in TargetScore.model_fields},
        count=len(errors),
        per_target=per_target,
        baseline=Baseline(
            says=tuple(map(float, training_mean)),
            mean_absolute_error=float(columns["baseline_absolute"].mean()),
            root_mean_squared_error=float(columns["baseline_root"].mean()),
        ),
        intervals=bootstrap(targets, predicted, columns["mean"]),
        worst=_worst(targets, predicted, order[:MOST_WORST], files),
    )
    return scores, order


def _mean(values: Sequence[float | None]) -> float | None:
    """The mean; None where one of the values is."""
    return None if None in values else float(np.mean(values))  # type: ignore[arg-type]


def _by_column(targets: SpooledRows, predicted: SpooledRows, training_mean: NDArray[np.float64]) -> _Columns:
    """What is computed from all examples of one number: the fields of `TargetScore`, the baseline, mean and spread."""
    found, first = [], 0
    for true, said in zip(targets.column_blocks(), predicted.column_blocks(), strict=True):
        says = training_mean[first : first + true.shape[1]]
        found.append(_of_columns(true.astype(np.float64), said.astype(np.float64), says))
        first += true.shape[1]
    return {name: np.concatenate([each[name] for each in found]) for name in found[0]}


def _of_columns(true: NDArray[np.float64], said: NDArray[np.float64], says: NDArray[np.float64]) -> _Columns:
    from sklearn import metrics  # 1.4 s to import

    has_variance = (true != true[0]).any(axis=0)
    columns = {
        "mean_absolute_error": metrics.mean_absolute_error(true, said, multioutput="raw_values"),
        "median_absolute_error": metrics.median_absolute_error(true, said, multioutput="raw_values"),
        "root_mean_squared_error": metrics.root_mean_squared_error(true, said, multioutput="raw_values"),
        "mean_error": (said - true).mean(axis=0),
        "mean": true.mean(axis=0),
        "spread": true.std(axis=0),
        "baseline_absolute": np.abs(true - says).mean(axis=0),
        "baseline_root": np.sqrt(((true - says) ** 2).mean(axis=0)),
    }
    for name, measure in (("r2", metrics.r2_score), ("explained_variance", metrics.explained_variance_score)):
        known = measure(true, said, multioutput="raw_values") if has_variance.any() else np.nan
        columns[name] = np.where(has_variance, known, np.nan)
    return columns


def bootstrap(
    targets: SpooledRows,
    predicted: SpooledRows,
    means: NDArray[np.float64],
    *,
    level: float = LEVEL,
    samples: int = SAMPLES,
    seed: int = 0,
) -> RegressionIntervals:
    """Draw as many examples again, with replacement, and see between which values the scores lie.

    That is the percentile bootstrap (Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13). It says how
    much chance there is in these examples, not in the training; of few examples (below about 30) it is too narrow. Draws
    whose targets are all the same have no R2, and are left out of its interval.

    Of more examples than a block of rows holds, it is first drawn how many come from each block, from a multinomial
    distribution, and then which ones of the block: the same distribution, with one block in memory at a time.

    Args:
        targets, predicted: float (examples, k).
        means: float64 (k,), of the targets.
        level: share of the draws that lie within an interval.
    """
    count, width = targets.shape
    sizes = targets.block_sizes
    random = np.random.default_rng(seed)
    drawn = random.multinomial(count, np.array(sizes) / count, size=samples)  # (samples, blocks)
    sums, variance_of_all = np.zeros((samples, 4 * width)), np.zeros(width)
    for taken, block, said in zip(drawn.T, targets.blocks(), predicted.blocks(), strict=True):
        true = block.astype(np.float64)
        centred, errors = true - means, said - true
        columns = np.hstack([np.abs(errors), errors**2, centred, centred**2])  # (rows, 4 * k)
        variance_of_all += columns[:, 3 * width :].sum(axis=0) / count
        rows = len(true)
        some = max(1, _AT_A_TIME // rows)
        for begin in range(0, samples, some):
            numbers = taken[begin : begin + some]
            counts = [np.bincount(random.integers(rows, size=number), minlength=rows) for number in numbers]
            sums[begin : begin + some] += np.array(counts, np.float64) @ columns
    absolute, squared, first, second = np.split(sums / count, 4, axis=1)  # each (samples, k)
    variance = np.maximum(second - first**2, 0)
    has_variance = (variance > 1e-12 * variance_of_all).all(axis=1)
    r2 = 1 - squared[has_variance] / variance[has_variance]
    ends = [50 * (1 - level), 50 * (1 + level)]

    def between(values: NDArray[np.float64]) -> tuple[float, float]:
        low, high = np.percentile(values.mean(axis=1), ends).tolist()
        return low, high

    return RegressionIntervals(
        level=level,
        samples=samples,
        seed=seed,
        mean_absolute_error=between(absolute),
        root_mean_squared_error=between(np.sqrt(squared)),
        r2=between(r2) if len(r2) else None,
    )


def sizes_of_errors(
    true: NDArray[np.floating[Any]], said: NDArray[np.floating[Any]], spread: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    """How far each prediction is off: of several numbers the mean, each in the standard deviation of its targets.

    Args:
        true, said: float (examples, k).
        spread: float64 (k,), those standard deviations; None: of these targets.

    Returns:
        float64 (examples,).
    """
    errors = np.abs(said.astype(np.float64) - true)
    if errors.shape[1] > 1:
        spread = true.astype(np.float64).std(axis=0) if spread is None else spread
        errors = errors / np.where(spread > 0, spread, 1)
    mean: NDArray[np.float64] = errors.mean(axis=1)
    return mean


def _worst(
    targets: SpooledRows, predicted: SpooledRows, chosen: NDArray[np.int64], files: Sequence[str] | None
) -> tuple[Worst, ...]:
    true, said = targets.rows(chosen).astype(np.float64), predicted.rows(chosen).astype(np.float64)
    return tuple(
        Worst(
            index=index,
            file=files[index] if files is not None else None,
            true=tuple(true[place].tolist()),
            predicted=tuple(said[place].tolist()),
            error=tuple((said[place] - true[place]).tolist()),
        )
        for place, index in enumerate(chosen.tolist())
    )
