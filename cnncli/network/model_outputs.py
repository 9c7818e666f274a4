"""The outputs of a model by name; the only one has none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras

ALONE = ""  # the name of the only output


def by_name(values: Any) -> dict[str, Any]:
    """Outputs, or what belongs to them, by name: as they are where they have names, else the only one.

    Example:
        >>> by_name(7)
        {'': 7}
    """
    return dict(values) if isinstance(values, Mapping) else {ALONE: values}


def alone(values: Mapping[str, Any]) -> Any:
    """The same as Keras takes and gives them: several by name, the only one by itself."""
    return values[ALONE] if list(values) == [ALONE] else dict(values)


def output_shapes(model: keras.Model) -> dict[str, tuple[int | None, ...]]:
    """The shape of each output of an example, without the batch; outputs of a list are called `0`, `1`, …"""
    if isinstance(model, keras.Sequential):
        return {ALONE: tuple(model.outputs[0].shape[1:])}
    if isinstance(model.output, list | tuple):
        named = dict(enumerate(model.outputs)) if len(model.outputs) > 1 else {ALONE: model.outputs[0]}
        return {str(name): tuple(tensor.shape[1:]) for name, tensor in named.items()}
    return {name: tuple(tensor.shape[1:]) for name, tensor in by_name(model.output).items()}
