"""What `cnncli evaluate` says of a network that gives quantities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.text import Text

from cnncli.cli import console
from cnncli.messages import first_of, printable, quantity

_WORDS = 13  # letters of the first column
_MOST_TARGETS, _LEAST_EXACT = 20, 10  # of more numbers an example than that, only those with the largest errors
_WORST = 5  # examples; --json has more


def show(result: dict[str, Any]) -> None:
    """The numbers beside loss and metrics."""
    out = console.stdout()
    for word, text in _lines(result):
        out.print(Text(f"{word:<{_WORDS}}{printable(text)}"))
    if len(result["per_target"]) > 1:
        out.print("\neach number by itself")
        names = ("mean_absolute_error", "median_absolute_error", "root_mean_squared_error", "mean_error", "r2")
        titles = ["number", "mean absolute", "median absolute", "RMSE", "bias", "R2"]
        rows = [
            [str(index), *(quantity(row[name]) for name in names)] for index, row in _least_exact(result["per_target"])
        ]
        if len(rows) < len(result["per_target"]):
            out.print(f"(the {len(rows)} of {len(result['per_target']):,} with the largest RMSE; --json has all)")
        out.print(console.table(titles, rows))
    out.print("\nlargest errors")
    rows = [
        [each["file"] or f"example {each['index']}", *(_all(each[name]) for name in ("true", "predicted", "error"))]
        for each in result["worst"][:_WORST]
    ]
    out.print(console.table(["", "true", "predicted", "error"], rows))


def _least_exact(scores: Sequence[dict[str, Any]]) -> list[tuple[int, dict[str, Any]]]:
    """All targets with their index, or of many those with the largest errors."""
    rows = list(enumerate(scores))
    if len(rows) <= _MOST_TARGETS:
        return rows
    return sorted(rows, key=lambda row: -(row[1]["root_mean_squared_error"] or 0.0))[:_LEAST_EXACT]


def _lines(result: dict[str, Any]) -> list[tuple[str, str]]:
    """A line each: the errors, and what they are to be seen beside."""
    cell, intervals, baseline = quantity, result["intervals"], result["baseline"]
    level = f"{intervals['level']:.0%} interval"

    def with_interval(name: str) -> str:
        bounds = intervals[name]
        return cell(result[name]) + (f", {level} {' to '.join(map(cell, bounds))}" if bounds else "")

    says = _all(baseline["says"])
    return [
        ("MAE", f"{with_interval('mean_absolute_error')}; median {cell(result['median_absolute_error'])}"),
        ("baseline", f"{cell(baseline['mean_absolute_error'])} by always saying {says}, the mean of the training"),
        ("RMSE", f"{with_interval('root_mean_squared_error')}; baseline {cell(baseline['root_mean_squared_error'])}"),
        ("R2", f"{with_interval('r2')}; explained variance {cell(result['explained_variance'])}"),
        ("bias", f"{cell(result['mean_error'])}, predicted minus true on average"),
    ]


def _all(values: Sequence[float]) -> str:
    return first_of([quantity(value) for value in values])
