"""Compute the first outputs and losses of a network, as its first training step will, before anything is trained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from cnncli.data.pipeline import encode
from cnncli.errors import CnncliError, DivergedError, Problem, RecipeError
from cnncli.network.build import Network, shape_text
from cnncli.network.keras_messages import first_sentence
from cnncli.network.objects import make
from cnncli.recipe.layers import path_of
from cnncli.recipe.outputs import Output
from cnncli.recipe.schema import Recipe

_HINT = "look at the initializers, the activations and the scale of the data"


@dataclass(frozen=True)
class Batch:
    """Some examples.

    Attributes:
        inputs: raw, (examples, *input shape), uint8 or float32.
        labels: (examples,) class numbers or (examples, count) quantities; None where they are not known.
        encodings: of the labels, by output; see `cnncli.data.pipeline.Batches`.
        class_count: how many classes or numbers there are.
    """

    inputs: NDArray[Any]
    labels: NDArray[Any] | None
    encodings: Mapping[str, str]
    class_count: int


def check_first_loss(recipe: Recipe, network: Network, outputs: Sequence[Output], batch: Batch) -> None:
    """Compute the outputs and the loss of a batch once, augmented and with dropout, as the first training step does.

    Nothing of the network changes: no statistics of BatchNormalization, no state of random layers.

    Args:
        network: with its weights, or symbolic: it then gets its first weights for this call alone.
        outputs: of the network, with their losses.

    Raises:
        RecipeError: a layer fails on the values, although it fits by its shapes; at the layer.
        DivergedError: an output or a loss is not finite; at the layer.
    """
    values = [(variable, variable.value) for variable in network.training_model.variables]
    with keras.StatelessScope(state_mapping=values, collect_losses=True):
        try:
            given = network.training_model(batch.inputs, training=True)
        except (CnncliError, MemoryError, tf.errors.ResourceExhaustedError):
            raise
        except Exception as error:  # whatever Keras and TensorFlow raise
            raise RecipeError(_failing(recipe, network, batch.inputs, error)) from error
        penalties = {layer.name: sum(layer.losses) for layer in network.full_model.layers if layer.losses}
    for output in outputs:
        _check_output(output, given[output.name] if isinstance(given, dict) else given, batch)
    for name, penalty in penalties.items():
        if not _is_finite(penalty):
            message = f"the first regularization loss of `{name}` is not finite, before anything is trained"
            hint = "look at the regularizers and the initializers"
            raise DivergedError(Problem(message, hint, path=path_of(recipe.model.layers, name)))


def _check_output(output: Output, given: Any, batch: Batch) -> None:
    values = keras.ops.convert_to_numpy(keras.ops.cast(given, "float32"))
    what = "" if _is_finite(values) else "output"
    if not what and output.loss and batch.labels is not None:
        labels = encode(batch.labels, batch.encodings[output.name], batch.class_count)
        what = "" if _is_finite(np.mean(keras.losses.get(make(output.loss))(labels, values))) else "loss"
    if what:
        message = f"the first {what} of `{output.name}` is not finite, before anything is trained"
        raise DivergedError(Problem(message, _HINT, path=output.path))


def _is_finite(values: Any) -> bool:
    return bool(np.isfinite(keras.ops.convert_to_numpy(values)).all())


def _failing(recipe: Recipe, network: Network, inputs: NDArray[Any], error: Exception) -> Problem:
    """The problem of the layer that raised an error; called within the scope in which it did.

    Parts of the network are tried, because the error of a layer within a model does not name the layer.
    """
    for model in filter(None, (network.augmentation, network.full_model)):
        layers = [layer for layer in model.layers if not isinstance(layer, keras.layers.InputLayer)]
        fine, failing = -1, len(layers)
        while failing - fine > 1:
            middle = (fine + failing) // 2
            outputs = [layer.output for layer in layers[: middle + 1]]
            try:
                keras.Model(model.inputs, outputs)([inputs], training=True)
                fine = middle
            except Exception:
                failing = middle
        if failing < len(layers):
            layer = layers[failing]
            shapes = [tensor.shape[1:] for tensor in keras.tree.flatten(layer.input)]
            path = path_of(recipe.model.layers, _name_in_recipe(network, layer.name))
            message = f"{type(layer).__name__}: {first_sentence(error)}"
            return Problem(message, "came in: " + " and ".join(map(shape_text, shapes)), path=path)
    return Problem(first_sentence(error), path=("model", "layers"))


def _name_in_recipe(network: Network, layer: str) -> str:
    """The name of the application that a layer is in, else its own."""
    return next((name for name in network.applications if layer in network.groups[name]), layer)
