"""The memory that an opened model takes, counted before it is allocated."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import keras
import tensorflow as tf

from cnncli.errors import ModelFileError, ResourceError
from cnncli.messages import shortened
from cnncli.system_memory import available_bytes

_MADE_UP = "it is damaged, or made up"
_BATCH_SIZE = 128
_MOST_NAMED = 2
_OUTPUTS_HELD = 4  # about so many of the largest are in memory at a time: what comes in, what goes out, and scratch


def check_weights(model: keras.Model, weight_bytes: int, *, shown: str) -> None:
    """Refuse a network that is larger than its weights; works without their existing.

    Args:
        model: the network.
        weight_bytes: how large the file of its weights is.
        shown: the model file's name in messages.

    Raises:
        ModelFileError: the network has more weights than the file.
    """
    needed = sum(math.prod(weight.shape) * tf.as_dtype(weight.dtype).size for weight in model.weights)
    if needed > weight_bytes:
        count = f"{model.count_params():,} parameters"
        message = f"{shown} says that it has {count}, and its weights are {weight_bytes:,} bytes"
        raise ModelFileError(message, hint=_MADE_UP)


def check_outputs(model: keras.Model, *, shown: str) -> None:
    """Refuse a network of which one layer alone does not fit into memory for one example; works without weights.

    Raises:
        ResourceError: with the largest layers.
    """
    [(largest, name), *others] = sorted(set(_outputs(model)), reverse=True)
    free = available_bytes()
    if largest > free:
        gives = f"what `{shortened(name)}` in {shown} gives for one example takes {largest / 1e9:,.1f} GB"
        named = [(largest, name), *others[:_MOST_NAMED]]
        listing = ", ".join(f"{shortened(other)} ({size / 1e9:,.1f} GB)" for size, other in named)
        hint = f"the largest layers, for 1 example: {listing}\n{_MADE_UP}"
        raise ResourceError(f"{gives}, and {free / 1e9:,.1f} GB are free", hint=hint)


def batch_size_for(model: keras.Model) -> int:
    """A batch size that fits into memory, for a model of which no recipe tells one."""
    largest, _ = max(_outputs(model))
    fitting = available_bytes() // max(_OUTPUTS_HELD * largest, 1)
    return int(min(_BATCH_SIZE, max(1, fitting)))


def _outputs(model: keras.Model) -> Iterator[tuple[int, str]]:
    """The bytes of each tensor for one example in float32, with the layer or operation that gives it."""
    waiting: list[Any] = [model]
    while waiting:
        operation = waiting.pop()
        waiting += getattr(operation, "operations", getattr(operation, "layers", ()))
        # What was never called by itself, as a layer within a wrapper, has no output.
        for tensor in keras.tree.flatten(getattr(operation, "output", ())):
            yield 4 * math.prod(length or 1 for length in tensor.shape[1:]), operation.name
    for tensor in [*model.inputs, *model.outputs]:
        yield 4 * math.prod(length or 1 for length in tensor.shape[1:]), tensor.name
