"""Apply `augment` to the examples of validation and evaluation, always in the same way: what it did is to be undone."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from cnncli.data.columns import Values, as_column
from cnncli.data.dataset import Examples
from cnncli.data.tables.row_store import RowStore
from cnncli.network.instantiate import dtype_policy, make, names_counted_anew, shapes_alone
from cnncli.recipe.keras_objects.objects import KerasObject
from cnncli.tasks.reconstruction.targets import InputTargets

_BLOCK = 32  # examples that are changed in one go: random numbers follow from their number and their place among these
_MOST_TIMES = 64  # numbers within an example, between the layers, for each of the input
_DOMAIN = 0x434F5252  # "CORR": separates our stream of a seed from that of a split


def evaluation_inputs(targets: InputTargets, examples: Examples) -> Values | None:
    """The inputs as validation and evaluation take them.

    What becomes of an example follows from the seed and its place among the examples alone, whatever the size of batches and
    however many examples come after it.

    Args:
        targets: with the layers of `augment` and their seed.
        examples: raw.

    Returns:
        float32 (count, *shape of one); None where there is nothing to apply.

    Raises:
        ValueError: the layers do not keep the shape of an example, or learn.
    """
    layers = list(targets.corruption_layers())
    if not layers:
        return None
    column = as_column(examples.input)
    shape = column.shape[1:]
    with shapes_alone():
        _refuse_unusable(layers, shape)
    step, states = _step(layers, shape)
    store = RowStore(shape, np.float32)
    seeds = np.random.PCG64([targets.seed, _DOMAIN])
    for begin in range(0, len(column), _BLOCK):
        rows = np.arange(begin, min(begin + _BLOCK, len(column)))
        block = np.asarray(column.read(rows), np.float32)
        padding = np.repeat(block[-1:], _BLOCK - len(rows), axis=0)
        for state, number in zip(states, seeds.random_raw(len(states)) if states else (), strict=True):
            state.assign(np.array([int(number) >> 32, 0]).astype(state.dtype))
        store.append(step(np.concatenate([block, padding])).numpy()[: len(rows)])
    return store.values()


def _step(layers: Iterable[KerasObject], shape: Sequence[int]) -> tuple[Any, list[Any]]:
    """A graph that applies layers to float32 (block, *shape), and the states of their random numbers."""
    before = random.getstate()  # a layer without a seed of its own draws one here, which is not used
    made = _made(layers)
    random.setstate(before)

    def apply(values: Any) -> Any:
        for layer in made:
            values = layer(values, training=True)
        return tf.cast(values, tf.float32)

    apply(tf.zeros([_BLOCK, *shape]))  # makes what is made with the first call
    states = [variable for layer in made for variable in layer.variables]
    signature = [tf.TensorSpec([_BLOCK, *shape], tf.float32)]
    return tf.function(apply, input_signature=signature, autograph=False), states


def _made(layers: Iterable[KerasObject]) -> list[Any]:
    with dtype_policy("float32"), names_counted_anew([]):
        return [make(layer) for layer in layers]


def _refuse_unusable(layers: Sequence[KerasObject], shape: Sequence[int]) -> None:
    """Raise ValueError where layers change the shape, learn, or need far more memory than an example; computes nothing."""
    tensor: Any = keras.Input(tuple(shape), batch_size=_BLOCK)
    before = random.getstate()
    for item, layer in zip(layers, _made(layers), strict=True):
        tensor = layer(tensor)
        if layer.weights:
            raise ValueError(f"{item.name} of `augment` has weights")
        if math.prod(size or 0 for size in tensor.shape[1:]) > _MOST_TIMES * math.prod(shape):
            raise ValueError(f"{item.name} of `augment` makes {tuple(tensor.shape[1:])} of {tuple(shape)}")
    random.setstate(before)
    if tuple(tensor.shape[1:]) != tuple(shape):
        raise ValueError(f"`augment` makes {tuple(tensor.shape[1:])} of {tuple(shape)}")
