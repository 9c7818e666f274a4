"""What enters the first layers with weights: the values of a batch after preprocessing, layer by layer."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from cnncli.data.stored import Inputs, as_stored
from cnncli.errors import Problem

_MOST_VALUES = 1 << 23  # raw numbers looked at in one go


def entry_tensors(model: keras.Model) -> dict[str, Any]:
    """Find the layers with weights that take the input itself, or what layers without weights make of it.

    Works for a network that was built symbolically: what stands before such a layer holds no weights.

    Args:
        model: raw examples -> outputs.

    Returns:
        Name of each such layer, in the order of the network -> the KerasTensor that enters it.
    """
    known = {id(tensor) for tensor in model.inputs}
    found: dict[str, Any] = {}
    functional = model if hasattr(model, "operations") else keras.Model(model.inputs, model.outputs)  # a Sequential
    for operation in functional.operations:
        if isinstance(operation, keras.layers.InputLayer):
            continue
        taken = keras.tree.flatten(getattr(operation, "input", []))
        if not taken or any(id(tensor) not in known for tensor in taken):
            continue
        if getattr(operation, "weights", None):
            found[operation.name] = taken[0]
            continue
        known.update(id(tensor) for tensor in keras.tree.flatten(operation.output))
    return found


def entering_values(model: keras.Model, tensors: Mapping[str, Any], batch: NDArray[Any]) -> dict[str, NDArray[Any]]:
    """Compute what enters layers for a batch of raw examples.

    Args:
        model: raw examples -> outputs.
        tensors: as `entry_tensors` found them.
        batch: (examples, *input shape), uint8 or float32.

    Returns:
        Layer name -> float32 (examples, *shape).
    """
    if not tensors:
        return {}
    front = keras.Model(model.inputs, dict(tensors))
    values = front([batch], training=False)
    return {
        name: np.asarray(keras.ops.convert_to_numpy(keras.ops.cast(value, "float32"))) for name, value in values.items()
    }


def outside_embeddings(model: keras.Model, *inputs: Inputs) -> list[tuple[str, Problem]]:
    """Find the Embeddings at the beginning of a network that have no row for some number of the examples.

    Args:
        model: raw examples -> outputs; may be built symbolically.
        inputs: the raw examples, all of which are looked at.

    Returns:
        A layer's name and its problem, without a place.
    """
    found = []
    for name, tensor in entry_tensors(model).items():
        layer = model.get_layer(name)
        if not isinstance(layer, keras.layers.Embedding):
            continue
        low, high, is_whole = math.inf, -math.inf, True
        for batch in _batches(inputs):
            values = entering_values(model, {name: tensor}, batch)[name]
            low, high = min(low, float(values.min())), max(high, float(values.max()))
            is_whole = is_whole and bool((values == np.floor(values)).all())
        if low < 0 or high >= layer.input_dim:
            message = f"numbers from {low:,.9g} to {high:,.9g} enter `{name}`, which has rows for 0 to {layer.input_dim - 1:,}"
            hint = (
                f"`input_dim: {math.floor(high) + 1}` fits the data"
                if low >= 0
                else "an Embedding takes numbers from 0 on"
            )
            found.append((name, Problem(message, hint)))
        elif not is_whole:
            message = f"numbers with decimals enter `{name}`, and an Embedding takes whole numbers"
            found.append((name, Problem(message, "leave out the layers that scale them")))
    return found


def _batches(inputs: Iterable[Inputs]) -> Iterator[NDArray[Any]]:
    for some in inputs:
        stored = as_stored(some)
        rows = max(1, _MOST_VALUES // max(1, math.prod(stored.shape[1:])))
        for begin in range(0, len(stored), rows):
            yield stored.read(np.arange(begin, min(begin + rows, len(stored))))
