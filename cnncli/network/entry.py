"""What enters the first layers with weights: the values of a batch after preprocessing, layer by layer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray


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
    for operation in model.operations:
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
