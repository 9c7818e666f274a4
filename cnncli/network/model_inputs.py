"""The inputs of a model as Keras takes them: a tensor, or several by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras

from cnncli.inputs import kind_of


def new_input(shape: Sequence[int | None], name: str) -> Any:
    """A symbol for what enters a network: those whose shape is () are texts."""
    return keras.Input(tuple(shape), name=name, dtype=kind_of(shape).TENSOR_DTYPE or None)


def inputs_of(model: keras.Model) -> Any:
    """Symbols for what goes into a model, for another model that takes the same: one tensor, or a dict of several."""
    tensors = {tensor.name: tensor for tensor in model.inputs}
    return tensors if len(tensors) > 1 else model.inputs[0]


def part_of(model: keras.Model, outputs: Any, *, name: str | None = None) -> keras.Model:
    """What a model takes -> some of its tensors."""
    return keras.Model(inputs_of(model), outputs, **({"name": name} if name else {}))
