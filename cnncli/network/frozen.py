"""Where a network can be cut so that nothing before the cut changes while it is trained."""

from __future__ import annotations

import inspect
import math
from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf

from cnncli.network.build import Network

# They take `training` for quantised weights alone.
_SAME_WHILE_TRAINING = (keras.layers.Dense, keras.layers.EinsumDense)


@dataclass(frozen=True)
class Cut:
    """The one tensor through which everything goes that comes from the frozen part.

    Attributes:
        tensor: (batch, *shape), as Keras' symbol for it.
        name: of the layer that it leaves.
        layers: the names of the layers of the frozen part.
        bytes: what it takes of one example.
    """

    tensor: keras.KerasTensor
    name: str
    layers: tuple[str, ...]
    bytes: int

    def before(self, network: Network) -> keras.Model:
        """Raw examples -> the tensor."""
        return keras.Model(network.full_model.inputs, self.tensor, name="frozen_part")

    def behind(self, network: Network) -> keras.Model:
        """The tensor -> every output of `full_model`, with its layers and weights."""
        outputs = network.full_model.output
        return keras.Model(self.tensor, outputs, name=f"{network.full_model.name}_behind_{self.name}")


def find_cut(network: Network) -> Cut | None:
    """Find where the frozen part of a network ends, with `trainable` as it is now.

    A layer belongs to the frozen part when it gives the same for the same example in every epoch: nothing of it learns, it
    is not random, it keeps no statistics, and all that it takes is of the frozen part. Behind the last such layer with
    weights, the smallest tensor is taken through which everything goes.

    Returns:
        None where no layer with weights is frozen, or where the frozen part has several ways out.
    """
    operations = network.full_model.operations  # each after those that it takes
    makers = {id(tensor): operation for operation in operations for tensor in keras.tree.flatten(operation.output)}
    last_use = {id(operation): place for place, operation in enumerate(operations)}
    for place, operation in enumerate(operations):
        last_use |= {id(makers[id(tensor)]): place for tensor in _inputs(operation)}
    last_use |= {id(makers[id(tensor)]): len(operations) for tensor in keras.tree.flatten(network.full_model.output)}
    best: Cut | None = None
    layers: list[str] = []
    used_until, has_new_weights = 0, False
    for place, operation in enumerate(operations):
        if not _gives_the_same(operation) or last_use[id(operation)] == len(operations):
            break
        is_only_way = used_until <= place  # nothing behind this operation takes what stands before it
        used_until = max(used_until, last_use[id(operation)])
        if isinstance(operation, keras.layers.Layer):
            layers.append(operation.name)
            has_new_weights |= bool(operation.weights)
        tensors = keras.tree.flatten(operation.output)
        if not is_only_way or len(tensors) != 1 or None in tensors[0].shape[1:] or not (has_new_weights or best):
            continue
        size = math.prod(tensors[0].shape[1:]) * tf.as_dtype(tensors[0].dtype).size
        if has_new_weights or best is None or size <= best.bytes:
            best, has_new_weights = Cut(tensors[0], operation.name, tuple(layers), size), False
    return best


def _inputs(operation: Any) -> list[Any]:
    return [] if isinstance(operation, keras.layers.InputLayer) else keras.tree.flatten(operation.input)


def _gives_the_same(operation: Any) -> bool:
    """Whether an operation gives the same for the same input in every epoch."""
    if not isinstance(operation, keras.layers.Layer):
        return True
    if operation.trainable_weights or operation.activity_regularizer is not None:
        return False
    if isinstance(operation, _SAME_WHILE_TRAINING):
        return True
    # What may do otherwise while training takes `training`: random layers, and those that keep statistics.
    is_frozen = isinstance(operation, keras.layers.BatchNormalization) and not operation.trainable
    return is_frozen or "training" not in inspect.signature(operation.call).parameters
