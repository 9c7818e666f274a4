"""Text output of `cnncli evaluate` for a regression."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cnncli.messages import first_of, quantity
from cnncli.tasks.regression.result import RegressionResult
from cnncli.tasks.regression.scores import TargetScore
from cnncli.tasks.text_report import FEW_EXAMPLES_HINT, Lines, Table

_MOST_TARGETS, _LEAST_EXACT = 20, 10  # of more numbers an example than that, only those with the largest errors
_WORST = 5  # examples; --json has more
_SCORES = ("mean_absolute_error", "median_absolute_error", "root_mean_squared_error", "mean_error", "r2")
_TITLES = ("number", "mean absolute", "median absolute", "RMSE", "bias", "R2")


def show(result: RegressionResult) -> Iterator[Lines | Table]:
    """The errors beside loss and metrics."""
    yield Lines(list(_lines(result)))
    if len(result.per_target) > 1:
        shown = _least_exact(result.per_target)
        left_out = f"the {len(shown)} of {len(result.per_target):,} with the largest RMSE; --json has all"
        title = "each number by itself" + (f" ({left_out})" if len(shown) < len(result.per_target) else "")
        rows = [[str(index), *(quantity(getattr(row, name)) for name in _SCORES)] for index, row in shown]
        yield Table(title, _TITLES, rows)
    rows = [
        [each.file or f"example {each.index}", _all(each.true), _all(each.predicted), _all(each.error)]
        for each in result.worst[:_WORST]
    ]
    yield Table("largest errors", ["", "true", "predicted", "error"], rows)


def _least_exact(scores: Sequence[TargetScore]) -> list[tuple[int, TargetScore]]:
    """All targets with their index, or of many those with the largest errors."""
    rows = list(enumerate(scores))
    if len(rows) <= _MOST_TARGETS:
        return rows
    return sorted(rows, key=lambda row: -row[1].root_mean_squared_error)[:_LEAST_EXACT]


def _lines(result: RegressionResult) -> Iterator[tuple[str, str]]:
    """The errors, and what they are compared with."""
    intervals, baseline = result.intervals, result.baseline

    def with_interval(value: float | None, bounds: tuple[float, float] | None) -> str:
        level = f", {intervals.level:.0%} interval"
        return quantity(value) + (f"{level} {' to '.join(map(quantity, bounds))}" if bounds else "")

    mean, squared = (
        with_interval(getattr(result, name), getattr(intervals, name))
        for name in ("mean_absolute_error", "root_mean_squared_error")
    )
    yield "MAE", f"{mean}; median {quantity(result.median_absolute_error)}"
    always = f"by always predicting {_all(baseline.says)}, the mean of the training"
    yield "baseline", f"{quantity(baseline.mean_absolute_error)} {always}"
    yield "RMSE", f"{squared}; baseline {quantity(baseline.root_mean_squared_error)}"
    explained = quantity(result.explained_variance)
    yield "R2", f"{with_interval(result.r2, intervals.r2)}; explained variance {explained}"
    yield "bias", f"{quantity(result.mean_error)}, predicted minus true on average"


def _all(values: Sequence[float]) -> str:
    return first_of([quantity(value) for value in values])


def few_examples_hint(count: int) -> str:
    """What scores on so few examples tell."""
    return FEW_EXAMPLES_HINT
