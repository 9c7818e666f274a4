"""Check that the last activation can reach the targets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cnncli.data.dataset import Splits
from cnncli.errors import DataError
from cnncli.recipe.layers import output_activation
from cnncli.recipe.outputs import Output
from cnncli.recipe.schema import Recipe


def check_range(recipe: Recipe, outputs: Sequence[Output], splits: Splits) -> None:
    """Compare the targets of all parts with what each output can give.

    Raises:
        DataError: some of them can never be reached; at the layer.
    """
    targets = [splits.targets.whole(part.examples.targets) for part in splits.parts]
    problems = []
    for output in outputs:
        activation = output_activation(output.layers(recipe)) if output.index >= 0 else None
        if problem := splits.targets.out_of_reach(targets, activation):
            problems.append(replace(problem, path=output.path))
    if problems:
        raise DataError(problems)
