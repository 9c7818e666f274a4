"""Report sections of a regression: errors and tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from cnncli.messages import first_of
from cnncli.report import values
from cnncli.report.headline import Headline, Tile
from cnncli.tasks.regression.result import RegressionResult
from cnncli.tasks.regression.scores import TargetScore
from cnncli.tasks.regression.targets import NumberTargets
from cnncli.tasks.result import Interval

_MOST_TARGETS = 20  # of more numbers an example, those with the largest errors
_MOST_WORST = 20
_IN_THE_HEAD = ("mean_absolute_error", "r2")
_WORDS = {
    "mean_absolute_error": "mean absolute error",
    "median_absolute_error": "median absolute error",
    "root_mean_squared_error": "root mean squared error",
    "mean_error": "mean error (predicted minus true)",
    "r2": "R²",
    "explained_variance": "explained variance",
}


@dataclass(frozen=True)
class Sections:
    """What the template shows.

    Attributes:
        titles: the scores of a target, in words.
        targets: the index of a target and its scores; empty where an example has one number.
        worst: the example, its true and its predicted numbers, and the error.
    """

    titles: Sequence[str]
    targets: Sequence[tuple[int, Sequence[str]]]
    worst: Sequence[tuple[str, str, str, str]]
    charted: Sequence[str] = ()

    ERRORS: ClassVar[str] = "Largest errors"

    @property
    def has_examples(self) -> bool:
        return bool(self.worst)


def targets_fact(targets: NumberTargets) -> tuple[str, list[str]]:
    """The targets of the training: a word, and the lines behind it, `2.002 to 12, mean 7.190`."""
    lines = [
        f"{values.decimal(low)} to {values.decimal(high)}, mean {values.decimal(mean)}"
        for low, mean, high in targets.numbers.rows
    ]
    return "Targets", lines if len(lines) <= _MOST_TARGETS else [*lines[:4], f"and {len(lines) - 4:,} more numbers"]


def headline(result: RegressionResult) -> Headline:
    """The mean absolute error, and what it is compared with."""
    reached = values.decimal(result.baseline.mean_absolute_error)
    baseline = f"always predicting the training mean, {_all(result.baseline.says)}, has {reached}"
    interval = _interval(result.intervals.mean_absolute_error)
    return Headline("mean absolute error", values.decimal(result.mean_absolute_error), interval, baseline)


def tiles(result: RegressionResult) -> list[Tile]:
    """What stands beside the headline at the top of the page."""
    if result.r2 is None:
        return []
    interval = _interval(result.intervals.r2)
    return [
        Tile("R²", values.decimal(result.r2), f"{result.intervals.level:.0%} interval {interval}" if interval else "")
    ]


def numbers(result: RegressionResult) -> list[tuple[str, str, str]]:
    """The scores that the head of the page does not have: name, value and interval."""
    rows = [
        (values.readable(name), values.decimal(value), "")
        for name, value in result.metrics.items()
        if name not in _WORDS
    ]
    for name, words in _WORDS.items():
        value = getattr(result, name)
        if value is not None and name not in _IN_THE_HEAD:
            rows.append((words, values.decimal(value), _interval(getattr(result.intervals, name, None))))
    reached = values.decimal(result.baseline.root_mean_squared_error)
    return [*rows, ("root mean squared error of always predicting the training mean", reached, "")]


def sections(result: RegressionResult) -> Sections:
    """Tables."""
    shown = _least_exact(result.per_target) if len(result.per_target) > 1 else []
    return Sections(
        titles=[values.capitalised(words) for words in _WORDS.values()],
        targets=[(index, [values.decimal(getattr(row, name)) for name in _WORDS]) for index, row in shown],
        worst=[
            (each.file or f"example {each.index:,}", _all(each.true), _all(each.predicted), _all(each.error))
            for each in result.worst[:_MOST_WORST]
        ],
    )


def _interval(bounds: Interval | None) -> str:
    return " to ".join(map(values.decimal, bounds)) if bounds else ""


def _least_exact(scores: Sequence[TargetScore]) -> list[tuple[int, TargetScore]]:
    """All targets with their index, or of many those with the largest errors."""
    rows = list(enumerate(scores))
    if len(rows) <= _MOST_TARGETS:
        return rows
    return sorted(rows, key=lambda row: -row[1].root_mean_squared_error)[:_MOST_TARGETS]


def _all(numbers: Sequence[float]) -> str:
    return first_of([values.decimal(number) for number in numbers]) or values.MISSING
