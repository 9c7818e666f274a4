"""Check the numbers and the initializers of a recipe: weights must be finite before anything is trained."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import keras
import numpy as np

from cnncli.errors import Problem, RecipeError
from cnncli.network.build import Network
from cnncli.network.connect import shape_text
from cnncli.network.instantiate import make
from cnncli.network.keras_messages import first_sentence
from cnncli.recipe.keras_objects.objects import KerasObject
from cnncli.recipe.layers import name_of
from cnncli.recipe.named_inputs import inputs_of
from cnncli.recipe.schema import Recipe
from cnncli.recipe.yaml.nodes import Path

_LARGEST = float(np.finfo(np.float32).max)
_LARGEST_AS_TEXT = {"float16": "65,504"}  # of the others it is float32's
_MOST_NUMBERS = 1 << 18  # drawn of one variable
_FEW_NUMBERS = 1 << 10  # of smaller variables several are drawn, so that rare large numbers are found
_MOST_DRAWS = 64
_SHAPE = (64, 64)  # for an initializer whose variable is not known


def check_numbers(recipe: Recipe) -> None:
    """Look at every number that the layers of a network are given.

    Raises:
        RecipeError: a number is not finite in float32; at its place.
    """
    problems = []
    for _, name, value, where in _arguments_of_layers(recipe):
        if isinstance(value, float) and abs(value) > _LARGEST:
            message = f"`{name}` is {value:g}, and float32 holds numbers up to 3.4e38"
            problems.append(Problem(message, "give a smaller number", path=where))
    if problems:
        raise RecipeError(problems)


def check_initializers(recipe: Recipe, network: Network | None = None) -> None:
    """Draw from every initializer that a recipe names, and look at the numbers.

    Each is drawn at the shape of its weights, and compared in the number format in which their layer computes. Of a large
    variable only a part is drawn, as if it had that part's shape: numbers from `VarianceScaling` and `Orthogonal` are
    then larger than they will be, by a factor of 30 or less for a billion weights.

    Args:
        network: symbolic, built with the dtype policy of the recipe; None where it is not known.

    Raises:
        RecipeError: a weight is not finite, or the initializer does not give weights of this shape; at the initializer.
    """
    problems = []
    for layer, _, value, where in _arguments_of_layers(recipe):
        if isinstance(value, KerasObject) and value.kind == "initializers":
            problems += [replace(problem, path=where) for problem in _problem(value, network, name_of(layer))]
    if problems:
        raise RecipeError(problems)


def _arguments_of_layers(recipe: Recipe) -> Iterator[tuple[KerasObject, str, Any, Path]]:
    """Every argument of the layers, and of the objects within them: the layer, and the argument's name, value and path."""
    sections: list[tuple[Path, Sequence[KerasObject]]] = [
        *(((*own.path, "prepare"), own.prepare) for own in inputs_of(recipe.data)),
        (("model", "layers"), recipe.model.layers),
    ]
    for section, layers in sections:
        for index, layer in enumerate(layers):
            for name, value, where in _within(layer, (*section, index, layer.name)):
                yield layer, name, value, where


def _within(item: KerasObject, path: Path) -> Iterator[tuple[str, Any, Path]]:
    for name, value in item.args.items():
        several = list(enumerate(value)) if isinstance(value, list) else []
        for one, where in [(value, (*path, name)), *((each, (*path, name, index)) for index, each in several)]:
            yield name, one, where
            if isinstance(one, KerasObject):
                yield from _within(one, (*where, one.name))


def _problem(found: KerasObject, network: Network | None, layer: str) -> list[Problem]:
    """What is wrong with the first numbers of an initializer, without its place; empty when nothing is."""
    is_random = "seed" in (found.entry.arguments or {}) and found.args.get("seed") is None and not found.is_identifier
    try:
        made = keras.initializers.get(make(found))
    except Exception:  # Keras says so when the layer is made
        return []
    variables = _variables(network, layer, made)
    for shape, number_format in variables or [(_SHAPE, "float32")]:
        draws = max(1, min(_MOST_DRAWS, _FEW_NUMBERS // max(1, math.prod(shape)))) if is_random else 1
        try:
            drawn = [
                (make(found, seed=seed) if is_random else made)(_cut(shape), dtype="float32") for seed in range(draws)
            ]
        except Exception as error:  # whatever Keras and TensorFlow raise
            hint = f"the weights: {shape_text(shape)}"
            return [Problem(f"{found.name}: {first_sentence(error)}", hint)] if variables else []
        if not all(keras.ops.all(keras.ops.isfinite(keras.ops.cast(numbers, number_format))) for numbers in drawn):
            message = f"{found.name} gives weights that are not finite in {number_format}"
            return [
                Problem(message, f"{number_format} holds numbers up to {_LARGEST_AS_TEXT.get(number_format, '3.4e38')}")
            ]
    return []


def _variables(network: Network | None, layer_name: str, initializer: Any) -> list[tuple[tuple[int, ...], str]]:
    """The shapes of the variables of a layer that an initializer fills, and the number format in which each is used."""
    layers = {each.name: each for each in network.full_model.layers} if network else {}
    layer: Any = layers.get(layer_name)  # not one of `prepare`
    found = []
    for variable in layer.weights if layer else ():
        own = getattr(variable, "_initializer", None)  # Keras keeps it until there are values
        if type(own) is type(initializer) and _config(own) == _config(initializer):
            used = layer.compute_dtype if getattr(variable, "_autocast", True) else variable.dtype
            found.append((tuple(variable.shape), used))
    return found


def _config(initializer: Any) -> dict[str, Any]:
    return {name: value for name, value in initializer.get_config().items() if name != "seed"}


def _cut(shape: tuple[int, ...]) -> tuple[int, ...]:
    """A shape with the largest lengths halved until it holds few enough numbers."""
    lengths = list(shape)
    while math.prod(lengths) > _MOST_NUMBERS:
        largest = max(range(len(lengths)), key=lengths.__getitem__)
        lengths[largest] //= 2
    return tuple(lengths)
