"""Compute the first outputs and losses of a network, before anything is trained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from cnncli import keras_internals
from cnncli.data.encoding import Encoding
from cnncli.data.input_values import InputValues, count
from cnncli.errors import CnncliError, DivergedError, Problem, RecipeError
from cnncli.keras_internals import Call
from cnncli.network.build import Network
from cnncli.network.connect import shape_text
from cnncli.network.instantiate import make
from cnncli.network.keras_messages import first_sentence
from cnncli.network.model_inputs import part_of
from cnncli.recipe.layers import path_of
from cnncli.recipe.outputs import Output
from cnncli.recipe.schema import Recipe
from cnncli.recipe.yaml.nodes import Path

_HINT = "look at the initializers, the activations and the scale of the data"


@dataclass(frozen=True)
class Batch:
    """Some examples.

    Attributes:
        inputs: raw, (examples, *input shape), uint8 or float32; of several inputs by name.
        targets: (examples, …), as the data holds them; None where they are not known.
        encodings: of the targets, by output.
    """

    inputs: InputValues
    targets: NDArray[Any] | None
    encodings: Mapping[str, Encoding]


def check_first_loss(recipe: Recipe, network: Network, outputs: Sequence[Output], batch: Batch) -> None:
    """Compute the outputs and the loss of a batch once, augmented and with dropout, as the first training step does.

    Nothing of the network changes: no statistics of BatchNormalization, no state of random layers.

    Args:
        network: with its weights, or symbolic: it then gets its first weights for this call alone.
        outputs: of the network, with their losses.

    Raises:
        RecipeError: a layer fails on the values or changes the number of examples, although it fits by its shapes; at
            the layer.
        DivergedError: an output or a loss is not finite; at the layer.
    """
    values = [(variable, variable.value) for variable in network.variables]
    with keras.StatelessScope(state_mapping=values, collect_losses=True):
        try:
            given = network.full_model(network.augmented(batch.inputs), training=True)
        except (CnncliError, MemoryError, tf.errors.ResourceExhaustedError):
            raise
        except Exception as error:  # whatever Keras and TensorFlow raise
            raise RecipeError(_failing(recipe, network, batch.inputs, error)) from error
        penalties = {layer.name: _penalty(recipe, network, layer) for layer in network.full_model.layers}
        if not _is_of(given, count(batch.inputs)):
            raise RecipeError(_joining(recipe, network, batch.inputs))
        if not all(_is_finite(values) for values in keras.tree.flatten(given)):
            raise DivergedError(_overflowing(recipe, network, batch.inputs))
    for output in outputs:
        _check_loss(output, given[output.name] if isinstance(given, dict) else given, batch)
    for name, penalty in penalties.items():
        if not _is_finite(penalty):
            message = f"the first regularization loss of `{name}` is not finite, before anything is trained"
            hint = "look at the regularizers and the initializers"
            raise DivergedError(Problem(message, hint, path=path_of(recipe.model.layers, name)))


def _penalty(recipe: Recipe, network: Network, layer: Any) -> Any:
    """The sum of what the regularizers of a layer add to the loss; called within the scope of the pass."""
    try:
        return sum(layer.losses)
    except Exception as error:  # whatever Keras and TensorFlow raise
        message = f"{type(layer).__name__}: {first_sentence(error)}"
        raise RecipeError(
            Problem(message, "look at its regularizers", path=path_of(recipe.model.layers, layer.name))
        ) from error


def _check_loss(output: Output, given: Any, batch: Batch) -> None:
    if not output.loss or batch.targets is None:
        return
    values = keras.ops.convert_to_numpy(keras.ops.cast(given, "float32"))
    encoding = batch.encodings[output.name]
    targets, weights = encoding.encode(batch.targets), encoding.weights(batch.targets)
    loss = keras.losses.get(make(output.loss))  # a loss by its text identifier is a function without weights
    if isinstance(loss, keras.losses.Loss):
        first = loss(targets, values, sample_weight=weights)
    else:
        first = loss(targets, values) * (1.0 if weights is None else weights)
    if not _is_finite(first):
        message = f"the first loss of `{output.name}` is not finite, before anything is trained"
        raise DivergedError(Problem(message, _HINT, path=output.path))


def _is_finite(values: Any) -> bool:
    return bool(np.isfinite(keras.ops.convert_to_numpy(keras.ops.cast(values, "float32"))).all())


def _overflowing(recipe: Recipe, network: Network, inputs: InputValues) -> Problem:
    """The problem of the first layer whose output is not finite; called within the scope in which one is not."""
    calls = _calls(network.full_model)
    finite = (all(map(_is_finite, values)) for values in _given(network.full_model, calls, inputs))
    found = [call for call, is_finite in zip(calls, finite, strict=True) if not is_finite]
    call = found[0] if found else calls[-1]  # none where only the augmented examples overflow
    message = f"the first output of `{_name(network, call)}` is not finite, before anything is trained"
    return Problem(message, _HINT, path=_path(recipe, network, call))


def _failing(recipe: Recipe, network: Network, inputs: InputValues, error: Exception) -> Problem:
    """The problem of the layer that raised an error; called within the scope in which it did.

    Parts of the network are tried, because the error of a layer within a model does not name the layer.
    """
    for model in filter(None, (network.augmentation, network.full_model)):
        calls = _calls(model)
        fine, failing = -1, len(calls)
        while failing - fine > 1:
            middle = (fine + failing) // 2
            try:
                _given(model, calls[: middle + 1], inputs)
                fine = middle
            except Exception:
                failing = middle
        if failing < len(calls):
            call = calls[failing]
            message = f"{type(call.operation).__name__}: {first_sentence(error)}"
            shapes = " and ".join(shape_text(tensor.shape[1:]) for tensor in call.inputs)
            return Problem(message, f"came in: {shapes}", path=_path(recipe, network, call))
    return Problem(first_sentence(error), path=("model", "layers"))


def _joining(recipe: Recipe, network: Network, inputs: InputValues) -> Problem:
    """The problem of the first layer that gives another number of examples than comes in."""
    calls, examples = _calls(network.full_model), count(inputs)
    given = _given(network.full_model, calls, inputs)
    found = [call for call, values in zip(calls, given, strict=True) if not _is_of(values, examples)]
    call = found[0] if found else calls[-1]
    name = _name(network, call)
    message = f"`{name}` does not keep the examples of a batch apart: {examples} come in, and another number leaves it"
    return Problem(
        message, "axis 0 is the batch: the axes of an example count from 1", path=_path(recipe, network, call)
    )


def _is_of(values: Any, count: int) -> bool:
    return all(len(value.shape) > 0 and value.shape[0] == count for value in keras.tree.flatten(values))


def _calls(model: keras.Model) -> list[Call]:
    """The calls of layers, without the inputs."""
    calls = keras_internals.calls_of(model)
    return [call for call in calls if isinstance(call.operation, keras.layers.Layer) and call.inputs]


def _given(model: keras.Model, calls: Sequence[Call], inputs: InputValues) -> list[list[Any]]:
    """What the calls give for some inputs, as in a training step."""
    wanted = {str(number): call.outputs for number, call in enumerate(calls)}
    given = part_of(model, wanted)(inputs, training=True)
    return [keras.tree.flatten(given[number]) for number in wanted]


def _name(network: Network, call: Call) -> str:
    """The name of a layer in the recipe; Keras' own where the recipe has none."""
    layers = (name for name, tensor in network.tensors.items() if tensor is call.outputs[0])
    own: str = call.operation.name
    return next((name for name in layers if network.shared.get(name) == own), own)


def _path(recipe: Recipe, network: Network, call: Call) -> Path:
    """Where a layer stands, or the application that it is in."""
    name = _name(network, call)
    if (path := network.preprocessing.get(name)) is not None:
        return path
    name = next((group for group in network.applications if name in network.groups[group]), name)
    return path_of(recipe.model.layers, name)
