"""Keys of `data` that cannot be written as Keras code: sources, groups, folds, weights, oversampling."""

from __future__ import annotations

from collections.abc import Iterator

from cnncli.conversion.data_code import BUILTIN_IN_CODE
from cnncli.conversion.rows_in_code import unwritten_rows
from cnncli.errors import Problem, RecipeError
from cnncli.recipe import targets
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


_SOURCES = ("builtin", "image_folder", "text_folder", "npz", "idx", "csv", "tsv")  # that `data_code` writes
_WITHOUT_LABELS = ("builtin", "npz", "idx")  # those where labels need not be read


def _unwritten(recipe: Recipe) -> Iterator[Path]:
    data = recipe.data
    if data.source.word not in _SOURCES:
        yield ("data", "source", data.source.word)
        return
    if data.source.builtin is not None and data.source.builtin not in BUILTIN_IN_CODE:
        yield ("data", "source")
        return
    if not targets.in_python(data.targets) or (
        data.targets in targets.WITHOUT_LABELS and data.source.word not in _WITHOUT_LABELS
    ):
        yield ("data", "targets")
        return
    folder = data.source.image_folder
    if folder is not None and (folder.label is not None or not targets.of(data.targets).STRATIFY):
        yield ("data", "source", "image_folder")  # Keras reads one class for each folder
    if data.source.text_folder is not None and data.source.text_folder.lines:
        yield ("data", "source", "text_folder", "lines")
    if folder is not None and folder.resize == "keep":
        yield ("data", "source", "image_folder", "resize")
    for key in ("group", "column", "folds"):
        if getattr(data.split, key) is not None:
            yield ("data", "split", key)
    for key in ("balance", "per_class", "windows"):
        if getattr(data, key) is not None:
            yield ("data", key)
    if data.class_weight is not None and len(recipe.model.outputs) > 1:
        yield ("data", "class_weight")  # Keras weights the classes of one output only
    yield from unwritten_rows(recipe)
    for name, own in (data.inputs or {}).items():
        if own.length is not None:
            yield ("data", "inputs", name, "length")
    if (npz := data.source.npz) is not None and npz.length is not None:
        yield ("data", "source", "npz", "length")
    if getattr(data.source.settings, "weight", None) is not None:
        yield ("data", "source", data.source.word, "weight")
