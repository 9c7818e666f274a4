"""Find where a network can be cut so that nothing before the cut changes during training."""

from __future__ import annotations

import inspect
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf

from cnncli.keras_internals import calls_of
from cnncli.network.build import Network
from cnncli.network.model_inputs import part_of

# They take `training` for quantised weights alone.
_SAME_WHILE_TRAINING = (keras.layers.Dense, keras.layers.EinsumDense)


@dataclass(frozen=True)
class Cut:
    """The tensors through which everything goes that comes from the frozen part; mostly one.

    Attributes:
        tensors: each (batch, *shape), as Keras' symbols for them.
        left: the names of the layers that they leave.
        layers: the names of the layers of the frozen part.
    """

    tensors: tuple[keras.KerasTensor, ...]
    left: tuple[str, ...]
    layers: tuple[str, ...]

    @property
    def name(self) -> str:
        """`a`, or `a, b and c`."""
        *others, last = self.left
        return f"{', '.join(others)} and {last}" if others else last

    @property
    def shape(self) -> tuple[int, ...]:
        """Of what is kept of an example: the tensor's, or (numbers,) of several, one after the other."""
        if len(self.tensors) == 1:
            return tuple(self.tensors[0].shape[1:])
        return (sum(map(_size, self.tensors)),)

    @property
    def dtype(self) -> tf.DType:
        """Of what is kept: the tensors', or float32, which holds every number of the shorter formats."""
        dtypes = {tensor.dtype for tensor in self.tensors}
        return tf.as_dtype(dtypes.pop() if len(dtypes) == 1 else "float32")

    @property
    def bytes(self) -> int:
        """What is kept of an example takes."""
        return sum(map(_size, self.tensors)) * int(self.dtype.size)

    def before(self, network: Network) -> keras.Model:
        """Raw examples -> what is kept, (batch, *shape)."""
        kept = self.tensors[0]
        if len(self.tensors) > 1:
            rows = [keras.ops.reshape(tensor, (-1, _size(tensor))) for tensor in self.tensors]
            kept = keras.ops.concatenate([keras.ops.cast(row, self.dtype.name) for row in rows], axis=-1)
        return part_of(network.full_model, kept, name="frozen_part")

    def behind(self, network: Network) -> keras.Model:
        """What is kept -> every output of `full_model`, with its layers and weights."""
        outputs = network.full_model.output
        name = f"{network.full_model.name}_behind_{'_'.join(self.left)}"
        if len(self.tensors) == 1:
            return keras.Model(self.tensors[0], outputs, name=name)
        kept = keras.Input(self.shape, dtype=self.dtype.name)
        parts, begin = [], 0
        for tensor in self.tensors:
            end = begin + _size(tensor)
            part = keras.ops.reshape(kept[:, begin:end], (-1, *tensor.shape[1:]))
            parts.append(keras.ops.cast(part, tensor.dtype))
            begin = end
        return keras.Model(kept, keras.Model(list(self.tensors), outputs)(parts), name=name)


def find_cut(network: Network) -> Cut | None:
    """Find where the frozen part of a network ends, with `trainable` as it is now.

    A layer belongs to the frozen part when it gives the same for the same example in every epoch: nothing of it learns, it
    is not random, it keeps no statistics, and all that it takes is of the frozen part. Behind the last such layer with
    weights, the cut is where the least has to be kept.

    Returns:
        None where no layer with weights is frozen.
    """
    calls = calls_of(network.full_model)  # each after those that it takes
    users = Counter(key for call in calls for key in _by_identity(call.inputs))
    ends = {id(tensor) for tensor in keras.tree.flatten(network.full_model.output)}
    best: Cut | None = None
    same: set[int] = set()  # the tensors of the frozen part
    crossing: dict[int, tuple[keras.KerasTensor, str]] = {}  # those that are taken by what is not in it, so far
    layers: list[str] = []
    has_new_weights = False
    for operation, inputs, outputs in calls:
        taken = _by_identity(inputs)
        given = {id(tensor): (tensor, operation.name) for tensor in outputs}
        if not taken.keys() <= same or not ends.isdisjoint(given) or not _gives_the_same(operation):
            continue
        same |= given.keys()
        users.subtract(taken.keys())
        crossing = {key: value for key, value in (crossing | given).items() if users[key]}
        if isinstance(operation, keras.layers.Layer):
            layers.append(operation.name)
            has_new_weights |= bool(operation.weights)
        if not (has_new_weights or best) or not _can_be_kept([tensor for tensor, _ in crossing.values()]):
            continue
        tensors, left = zip(*crossing.values(), strict=True)
        cut = Cut(tensors, left, tuple(dict.fromkeys(layers)))
        if has_new_weights or best is None or cut.bytes <= best.bytes:
            best, has_new_weights = cut, False
    return best


def _can_be_kept(tensors: Sequence[keras.KerasTensor]) -> bool:
    """Whether the numbers of tensors can stand one after the other."""
    are_floats = all(keras.backend.is_float_dtype(tensor.dtype) for tensor in tensors)
    return (len(tensors) == 1 or are_floats) and all(None not in tensor.shape[1:] for tensor in tensors)


def _size(tensor: keras.KerasTensor) -> int:
    """The numbers of an example."""
    return math.prod(tensor.shape[1:])


def _by_identity(tensors: Sequence[keras.KerasTensor]) -> dict[int, keras.KerasTensor]:
    """Tensors by identity: Keras' symbols cannot be compared."""
    return {id(tensor): tensor for tensor in tensors}


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
