"""Check that the last activation can reach the regression targets."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from cnncli.data.dataset import Splits
from cnncli.errors import DataError, Problem
from cnncli.recipe.layers import output_activation
from cnncli.recipe.outputs import Output
from cnncli.recipe.schema import Recipe

# The smallest and the largest number that an activation gives.
_RANGES = {
    "sigmoid": (0.0, 1.0),
    "hard_sigmoid": (0.0, 1.0),
    "tanh": (-1.0, 1.0),
    "hard_tanh": (-1.0, 1.0),
    "softsign": (-1.0, 1.0),
    "relu": (0.0, math.inf),
    "relu6": (0.0, 6.0),
    "softplus": (0.0, math.inf),
    "exponential": (0.0, math.inf),
}


def check_range(recipe: Recipe, outputs: Sequence[Output], splits: Splits) -> None:
    """Compare the targets of all parts, where they are numbers, with what each output can give.

    Raises:
        DataError: some of them can never be reached; told at the layer.
    """
    if not splits.numbers:
        return
    targets = [part.examples.labels for part in splits.parts]
    low, high = (float(of([of(part) for part in targets])) for of in (np.min, np.max))
    problems = []
    for output in outputs:
        activation = output_activation(output.layers(recipe)) if output.index >= 0 else None
        least, most = _RANGES.get(activation or "", (-math.inf, math.inf))
        if low < least or high > most:
            gives = f"from {least:g} to {most:g}" if math.isfinite(most) else f"from {least:g} on"
            message = f"{activation} gives numbers {gives}, and the data's go from {low:.4g} to {high:.4g}"
            hint = "leave the last layer without an activation, or scale the targets"
            problems.append(Problem(message, hint, path=output.path))
    if problems:
        raise DataError(problems)
