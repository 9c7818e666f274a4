"""Keys of `data` that cannot be written as Keras code: sources, groups, folds, weights, oversampling."""

from __future__ import annotations

from collections.abc import Iterator

from cnncli.conversion.data_code import can_be_written
from cnncli.errors import Problem, RecipeError
from cnncli.recipe.load import LoadedRecipe
from cnncli.recipe.schema import Recipe
from cnncli.recipe.yaml.nodes import Path


def refuse_unwritten(recipe: Recipe, loaded: LoadedRecipe) -> None:
    """Refuse these keys: code without them would train another network.

    Args:
        loaded: knows the places of the keys.

    Raises:
        RecipeError: each at its place.
    """
    problems = [
        Problem(f"`{path[-1]}` cannot be written as Python", "`--network` writes the network alone", path=path)
        for path in _unwritten(recipe)
    ]
    if problems:
        raise RecipeError(loaded.locate(problems))


def _unwritten(recipe: Recipe) -> Iterator[Path]:
    data = recipe.data
    if not can_be_written(recipe):
        yield ("data", "source", data.source.word)
    for key in ("group", "column", "folds"):
        if getattr(data.split, key) is not None:
            yield ("data", "split", key)
    for key in ("balance", "per_class"):
        if getattr(data, key) is not None:
            yield ("data", key)
    if data.class_weight is not None and len(recipe.model.outputs) > 1:
        yield ("data", "class_weight")  # Keras weights the classes of one output only
    if getattr(data.source.settings, "weight", None) is not None:
        yield ("data", "source", data.source.word, "weight")
