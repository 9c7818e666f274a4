"""Scores of a regression: MAE, RMSE, R², bootstrap intervals, baseline, largest errors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncli.errors import DivergedError
from cnncli.tasks.result import Interval, Intervals, Part, Score
from cnncli.tasks.statistics import BOOTSTRAP, LEVEL

MOST_WORST = 25
SAMPLES = 1000


class TargetScore(Part):
    """How near predictions come to their targets.

    Attributes:
        mean_absolute_error, median_absolute_error, root_mean_squared_error: in the targets' own unit.
        mean_error: predicted minus true; far from 0 the network says too much, or too little, on the whole.
        r2: the share of the targets' variance that is predicted; 0 is what always saying their mean reaches. None where all
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
    """What one would reach without looking at any example, by always saying the mean of the training targets.

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
    targets: NDArray[np.floating[Any]],
    predicted: NDArray[np.floating[Any]],
    training_mean: Sequence[float],
    *,
    files: Sequence[str] | None = None,
) -> RegressionScores:
    """Score predicted quantities against the true ones.

    Args:
        targets, predicted: float (examples, k), at least one example.
        training_mean: of the targets that trained, k numbers.
        files: one an example, when the examples came from files.

    Raises:
        ValueError: other or different shapes, or no examples.
        DivergedError: a prediction is not a finite number.
    """
    if targets.ndim != 2 or targets.shape != predicted.shape or not targets.size:
        raise ValueError(
            f"targets and predictions are (examples, k), at least one; received {targets.shape} and {predicted.shape}"
        )
    broken = np.flatnonzero(~np.isfinite(predicted).all(axis=1))
    if broken.size:
        raise DivergedError(
            f"the network's output is no finite number for {broken.size} of {len(predicted)} examples, first {broken[0]}",
            hint="its weights or the data hold NaN or infinity: lower the learning_rate, or look at the data",
        )
    true, said = targets.astype(np.float64), predicted.astype(np.float64)
    per_target = _per_target(true, said)
    constant = np.abs(true - np.asarray(training_mean, np.float64))
    return RegressionScores(
        **{name: _mean([getattr(each, name) for each in per_target]) for name in TargetScore.model_fields},
        count=len(true),
        per_target=per_target,
        baseline=Baseline(
            says=tuple(map(float, training_mean)),
            mean_absolute_error=float(constant.mean()),
            root_mean_squared_error=float(np.sqrt((constant**2).mean(axis=0)).mean()),
        ),
        intervals=bootstrap(true, said),
        worst=_worst(true, said, files),
    )


def _mean(values: Sequence[float | None]) -> float | None:
    """The mean; None where one of the values is."""
    return None if None in values else float(np.mean(values))  # type: ignore[arg-type]


def _per_target(true: NDArray[np.float64], said: NDArray[np.float64]) -> tuple[TargetScore, ...]:
    from sklearn import metrics  # 1.4 s to import

    has_variance = (true != true[0]).any(axis=0)
    columns = {
        "mean_absolute_error": metrics.mean_absolute_error(true, said, multioutput="raw_values"),
        "median_absolute_error": metrics.median_absolute_error(true, said, multioutput="raw_values"),
        "root_mean_squared_error": metrics.root_mean_squared_error(true, said, multioutput="raw_values"),
        "mean_error": (said - true).mean(axis=0),
    }
    for name, measure in (("r2", metrics.r2_score), ("explained_variance", metrics.explained_variance_score)):
        known = measure(true, said, multioutput="raw_values") if has_variance.any() else np.nan
        columns[name] = np.where(has_variance, known, np.nan)
    return tuple(
        TargetScore(**{name: float(values[number]) for name, values in columns.items()})
        for number in range(true.shape[1])
    )


def bootstrap(
    true: NDArray[np.float64],
    said: NDArray[np.float64],
    *,
    level: float = LEVEL,
    samples: int = SAMPLES,
    seed: int = 0,
) -> RegressionIntervals:
    """Draw as many examples again, with replacement, and see between which values the scores lie.

    That is the percentile bootstrap (Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13). It says how
    much chance there is in these examples, not in the training; of few examples (below about 30) it is too narrow. Draws
    whose targets are all the same have no R2, and are left out of its interval.

    Args:
        true, said: float64 (examples, k).
        level: share of the draws that lie within an interval.
    """
    count, width = true.shape
    centred, errors = true - true.mean(axis=0), said - true
    columns = np.hstack([np.abs(errors), errors**2, centred, centred**2])  # (examples, 4 * k)
    random = np.random.default_rng(seed)
    sums = np.empty((samples, 4 * width))
    for row in sums:
        row[:] = np.bincount(random.integers(count, size=count), minlength=count) @ columns
    absolute, squared, first, second = np.split(sums / count, 4, axis=1)  # each (samples, k)
    variance = np.maximum(second - first**2, 0)
    has_variance = (variance > 1e-12 * (centred**2).mean(axis=0)).all(axis=1)
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


def sizes_of_errors(true: NDArray[np.floating[Any]], said: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """How far each prediction is off: of several numbers the mean, each in the standard deviation of its targets.

    Args:
        true, said: float (examples, k).

    Returns:
        float64 (examples,).
    """
    errors = np.abs(said.astype(np.float64) - true)
    if errors.shape[1] > 1:
        spread = true.astype(np.float64).std(axis=0)
        errors = errors / np.where(spread > 0, spread, 1)
    mean: NDArray[np.float64] = errors.mean(axis=1)
    return mean


def _worst(true: NDArray[np.float64], said: NDArray[np.float64], files: Sequence[str] | None) -> tuple[Worst, ...]:
    order = np.argsort(-sizes_of_errors(true, said), kind="stable")[:MOST_WORST]
    return tuple(
        Worst(
            index=index,
            file=files[index] if files is not None else None,
            true=tuple(true[index].tolist()),
            predicted=tuple(said[index].tolist()),
            error=tuple((said[index] - true[index]).tolist()),
        )
        for index in map(int, order)
    )
