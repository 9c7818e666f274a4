"""The inputs of a model as Keras takes them: a tensor, or several by name."""

from __future__ import annotations

from typing import Any

import keras


def inputs_of(model: keras.Model) -> Any:
    """Symbols for what goes into a model, for another model that takes the same: one tensor, or a dict of several."""
    tensors = {tensor.name: tensor for tensor in model.inputs}
    return tensors if len(tensors) > 1 else model.inputs[0]


def part_of(model: keras.Model, outputs: Any, *, name: str | None = None) -> keras.Model:
    """What a model takes -> some of its tensors."""
    return keras.Model(inputs_of(model), outputs, **({"name": name} if name else {}))
