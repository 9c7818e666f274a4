"""Scores of few examples: an interval in place of decimals that they cannot support."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cnncli.messages import FEW_EXAMPLES, rough

_INTERVALS = {
    **dict.fromkeys(
        ("accuracy", "acc", "sparse_categorical_accuracy", "categorical_accuracy", "binary_accuracy"), "accuracy"
    ),
    **dict.fromkeys(("mean_absolute_error", "mae"), "mean_absolute_error"),
}


def cells(numbers: Mapping[str, Any], count: int, intervals: Mapping[str, Any]) -> list[Any]:
    """The cells of a row of scores: `0.8512`, or of few examples `0.85 (0.64 to 0.95)`.

    Args:
        numbers: loss and metrics by name.
        count: of the examples.
        intervals: by the name of the score, as an evaluation has them.
    """
    if count >= FEW_EXAMPLES:
        return list(numbers.values())
    found = []
    for name, value in numbers.items():
        bounds = intervals.get(_INTERVALS.get(name, ""))
        if value is None or not isinstance(bounds, list):
            found.append(rough(value))
        else:
            found.append(f"{rough(value)} ({' to '.join(map(rough, bounds))})")
    return found
