"""evaluation.json of a network that gives quantities -> the numbers and tables of a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cnncli.messages import first_of
from cnncli.report import values

_MOST_TARGETS = 20  # of more numbers an example, those with the largest errors
_MOST_WORST = 20


@dataclass(frozen=True)
class TargetRow:
    """The scores of one of several numbers."""

    number: int
    cells: list[str]


@dataclass(frozen=True)
class WorstRow:
    """An example whose prediction is far off."""

    example: str
    true: str
    predicted: str
    error: str


def are_in(evaluation: Mapping[str, Any]) -> bool:
    """Whether labels were quantities, and not classes."""
    return evaluation.get("targets") == "numbers"


def interval(evaluation: Mapping[str, Any], name: str) -> str:
    """`0.1771 to 0.2538`, or empty."""
    ends = values.numbers(values.mapping(evaluation.get("intervals")).get(name))
    return "" if len(ends) != 2 or None in ends else " to ".join(map(values.decimal, ends))


def baseline(evaluation: Mapping[str, Any]) -> str:
    """What always saying the mean of the training targets reaches, in words, or empty."""
    found = values.mapping(evaluation.get("baseline"))
    error, says = values.number(found.get("mean_absolute_error")), values.numbers(found.get("says"))
    return f"always saying {_all(says)} has {values.decimal(error)}" if error is not None and says else ""


def numbers(evaluation: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Every single number of the evaluation: its name, its value, its interval."""
    measured = {"loss": evaluation.get("loss"), **values.mapping(evaluation.get("metrics"))}
    own = [(name, values.number(value)) for name, value in measured.items() if name not in _WORDS]
    rows = [(values.readable(name), values.decimal(value), "") for name, value in own]
    for name, words in _WORDS.items():
        value = values.number(evaluation.get(name))
        if value is not None:
            rows.append((words, values.decimal(value), interval(evaluation, name)))
    found = values.mapping(evaluation.get("baseline"))
    for name in ("mean_absolute_error", "root_mean_squared_error"):
        value = values.number(found.get(name))
        if value is not None:
            rows.append((f"{_WORDS[name]} of always saying the training mean", values.decimal(value), ""))
    return rows


_WORDS = {
    "mean_absolute_error": "mean absolute error",
    "median_absolute_error": "median absolute error",
    "root_mean_squared_error": "root mean squared error",
    "mean_error": "bias: predicted minus true",
    "r2": "R²",
    "explained_variance": "explained variance",
}


def _least_exact(scores: Sequence[Mapping[str, Any]]) -> list[tuple[int, Mapping[str, Any]]]:
    """All targets with their index, or of many those with the largest errors."""
    rows = list(enumerate(scores))
    if len(rows) <= _MOST_TARGETS:
        return rows
    return sorted(rows, key=lambda row: -(values.number(row[1].get("root_mean_squared_error")) or 0.0))[:_MOST_TARGETS]


def per_target(evaluation: Mapping[str, Any]) -> tuple[list[str], list[TargetRow]]:
    """The titles and a row for each of several numbers; no rows where an example has one."""
    rows = values.rows(evaluation.get("per_target"))
    found = [
        TargetRow(index, [values.decimal(values.number(row.get(name))) for name in _WORDS])
        for index, row in _least_exact(rows)
    ]
    titles = [values.capitalised(words) for words in _WORDS.values()]
    return titles, found if are_in(evaluation) and len(found) > 1 else []


def worst(evaluation: Mapping[str, Any]) -> list[WorstRow]:
    """The predictions that are furthest off."""
    found = []
    for row in values.rows(evaluation.get("worst"))[:_MOST_WORST]:
        index = values.count(row.get("index"))
        example = values.text(row.get("file")) or (f"example {index:,}" if index is not None else values.MISSING)
        true, predicted, error = (_all(values.numbers(row.get(name))) for name in ("true", "predicted", "error"))
        found.append(WorstRow(example, true, predicted, error))
    return found


def about_targets(record: Mapping[str, Any]) -> list[str]:
    """`2.002 to 12, mean 7.190`: what a run's record says of the training targets, a line a number."""
    found = values.mapping(values.mapping(record.get("data")).get("numbers"))
    columns = [values.numbers(found.get(name)) for name in ("low", "high", "mean")]
    if len({len(column) for column in columns}) != 1:
        return []
    lines = [
        f"{values.decimal(low)} to {values.decimal(high)}, mean {values.decimal(mean)}"
        for low, high, mean in zip(*columns, strict=True)
    ]
    return lines if len(lines) <= _MOST_TARGETS else [*lines[:4], f"and {len(lines) - 4:,} more numbers"]


def _all(numbers: Sequence[float | None]) -> str:
    return first_of([values.decimal(number) for number in numbers]) or values.MISSING
