"""What a recipe expects of a finished run."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

from cnncli.errors import Problem
from cnncli.recipe.schema import Expect

_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    ">": operator.gt,
    "<": operator.lt,
}


def broken_expectations(expect: Expect, measured: Mapping[str, Any], seconds: float) -> list[Problem]:
    """`expect.metrics` and `expect.max_minutes` that do not hold.

    Args:
        measured: the numbers of the best epoch, and those of the evaluation with `test_`.
        seconds: that the run took.
    """
    problems = []
    for name, comparison in expect.metrics.items():
        sign = comparison.strip()[:2].strip("0123456789.- ")
        wanted = float(comparison.strip().lstrip("<>= "))
        got = measured.get(name)
        if got is None or not _COMPARISONS[sign](got, wanted):
            shown = "not measured" if got is None else f"{got:.4f}"
            message = f"expected {name} {comparison.strip()}, got {shown}"
            problems.append(Problem(message, path=("expect", "metrics", name)))
    if expect.max_minutes is not None and seconds > expect.max_minutes * 60:
        message = f"expected at most {expect.max_minutes:g} minutes, took {seconds / 60:.1f}"
        problems.append(Problem(message, path=("expect", "max_minutes")))
    return problems
