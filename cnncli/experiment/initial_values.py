"""Check the first values of a network: its initializers, and the loss of its first batch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import keras
import numpy as np

from cnncli.data.examples import Examples
from cnncli.data.pipeline import encode
from cnncli.data.stored import as_stored
from cnncli.errors import DivergedError, Problem, RecipeError
from cnncli.network.build import Network
from cnncli.network.objects import make
from cnncli.recipe.nodes import Path
from cnncli.recipe.objects import KerasObject
from cnncli.recipe.outputs import Output
from cnncli.recipe.schema import Recipe

_EXAMPLES = 4
_LARGEST = float(np.finfo(np.float32).max)
_SMALL_SHAPE = (2, 2)  # enough for what an initializer gives to show whether it is finite


def check_initial_values(recipe: Recipe) -> None:
    """Try every initializer of a network on a small shape, and look at every number that its layers are given.

    Raises:
        RecipeError: a number or a weight that is not finite in float32; at its place.
    """
    problems = []
    layers = [
        *((layer, ("data", "prepare", index, layer.name)) for index, layer in enumerate(recipe.data.prepare)),
        *((layer, ("model", "layers", index, layer.name)) for index, layer in enumerate(recipe.model.layers)),
    ]
    for layer, path in layers:
        for name, value, where in _arguments(layer, path):
            if isinstance(value, KerasObject):
                if value.kind == "initializers" and not _is_finite(value):
                    message = f"{value.name} gives weights that are not finite in float32"
                    problems.append(Problem(message, "float32 holds numbers up to 3.4e38", path=where))
            elif isinstance(value, float) and abs(value) > _LARGEST:
                message = f"`{name}` is {value:g}, and float32 holds numbers up to 3.4e38"
                problems.append(Problem(message, "give a smaller number", path=where))
    if problems:
        raise RecipeError(problems)


def _arguments(item: KerasObject, path: Path) -> Iterator[tuple[str, Any, Path]]:
    """Every argument of an object, and those of the objects among them: name, value, path."""
    for name, value in item.args.items():
        yield name, value, (*path, name)
        if isinstance(value, KerasObject):
            yield from _arguments(value, (*path, name, value.name))


def _is_finite(found: KerasObject) -> bool:
    try:
        values = keras.initializers.get(make(found))(_SMALL_SHAPE, dtype="float32")
    except Exception:  # it wants another shape: building the layer tells what is wrong
        return True
    return bool(np.isfinite(keras.ops.convert_to_numpy(values)).all())


def check_first_loss(
    network: Network, outputs: Sequence[Output], encodings: Mapping[str, str], examples: Examples, class_count: int
) -> None:
    """Compute the loss of the first examples once, as the network is before its training.

    Args:
        network: with its weights.
        outputs: of the network, with their losses.
        encodings: of the labels, by output; see `cnncli.data.pipeline.Batches`.
        examples: those that train.

    Raises:
        DivergedError: an output or its loss is not finite; at the layer.
    """
    rows = np.arange(min(_EXAMPLES, len(examples)))
    labels = examples.labels[rows]
    given = network.full_model(as_stored(examples.inputs).read(rows), training=False)
    for output in outputs:
        values = given[output.name] if isinstance(given, dict) else given
        values = keras.ops.convert_to_numpy(keras.ops.cast(values, "float32"))
        what = "" if np.isfinite(values).all() else "output"
        if not what and output.loss:
            loss = keras.losses.get(make(output.loss))(encode(labels, encodings[output.name], class_count), values)
            what = "" if np.isfinite(np.mean(keras.ops.convert_to_numpy(loss))) else "loss"
        if what:
            message = f"the first {what} of `{output.name}` is not finite, before anything is trained"
            hint = "look at the initializers, the activations and the scale of the data"
            raise DivergedError(Problem(message, hint, path=output.path))
