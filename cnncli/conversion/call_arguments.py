"""The tensors that a call of a layer takes, as `from` of a recipe has them, and what no recipe can say of the call."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

import keras

from cnncli import keras_internals
from cnncli.conversion.keras_code import TENSORS
from cnncli.keras_internals import Origin


def tensors_of_call(origin: Origin) -> list[Any]:
    """The symbolic tensors that a call takes, in the order in which a recipe names them.

    Masks that Keras hands on by itself, as those of `Embedding(mask_zero=True)`, are not among them.
    """
    if not _is_bound(origin):
        return keras_internals.inputs_of_call(origin)
    given = _given(origin)
    found: list[Any] = []
    for name in [*_names(origin, given), *_unknown(origin, given)]:
        found += [each for each in keras.tree.flatten(given.get(name)) if isinstance(each, keras.KerasTensor)]
    return found


def unwritten_arguments(origin: Origin) -> list[str]:
    """What a call says that a recipe cannot say, as `training=True`."""
    if not _is_bound(origin):
        return []
    given = _given(origin)
    found = [f"{name}={_shown(given[name])}" for name in _unknown(origin, given)]
    for name in _names(origin, given):
        values = keras.tree.flatten(given.get(name))
        if any(value is not None and not isinstance(value, keras.KerasTensor) for value in values):
            found.append("a constant")
    return found


def takes_training(operation: Any) -> bool:
    """Whether a layer can compute something else in training."""
    return isinstance(operation, keras.layers.Layer) and "training" in inspect.signature(operation.call).parameters


def _is_bound(origin: Origin) -> bool:
    """Whether it is a call of a layer, whose arguments have names; those of a model's call are its inputs."""
    is_layer = isinstance(origin.operation, keras.layers.Layer) and not isinstance(origin.operation, keras.Model)
    return is_layer and not isinstance(origin.operation, keras.layers.InputLayer)


def _given(origin: Origin) -> Mapping[str, Any]:
    positional, named = keras_internals.arguments_of_call(origin)
    return inspect.signature(origin.operation.call).bind_partial(*positional, **named).arguments


def _names(origin: Origin, given: Mapping[str, Any]) -> tuple[str, ...]:
    """The arguments whose tensors a recipe names."""
    return TENSORS.get(type(origin.operation).__name__, tuple(given)[:1])


def _unknown(origin: Origin, given: Mapping[str, Any]) -> list[str]:
    """The arguments that are neither tensors of `from`, nor defaults, nor masks that Keras hands on by itself."""
    defaults = inspect.signature(origin.operation.call).parameters
    names = _names(origin, given)
    found = []
    for name, value in given.items():
        is_default = value is None or (isinstance(value, (bool, int, float, str)) and value == defaults[name].default)
        if name not in names and not is_default and not _is_handed_on(name, value, given, names[0]):
            found.append(name)
    return found


def _is_handed_on(name: str, value: Any, given: Mapping[str, Any], first: str) -> bool:
    """Whether an argument is the mask that belongs to a tensor of the call."""
    tensors = given.get(first if name == "mask" else name.removesuffix("_mask"))
    if not name.endswith("mask") or tensors is None:
        return False
    own = [keras_internals.mask_of(tensor) for tensor in keras.tree.flatten(tensors)]
    masks = value if isinstance(value, (list, tuple)) else [value]
    return len(own) == len(masks) and all(map(_is_same, masks, own))


def _is_same(one: Any, other: Any) -> bool:
    """Whether two values are equal; symbolic tensors are if the same functions of the same tensors gave them."""
    if one is other or not isinstance(one, keras.KerasTensor) or not isinstance(other, keras.KerasTensor):
        return one is other or (not isinstance(one, keras.KerasTensor) and repr(one) == repr(other))
    origins = keras_internals.origin_of(one), keras_internals.origin_of(other)
    if any(isinstance(origin.operation, keras.layers.Layer) for origin in origins):
        return False  # masks are computed by functions
    kinds = [type(origin.operation) for origin in origins]
    values = [keras.tree.flatten(keras_internals.arguments_of_call(origin)) for origin in origins]
    return kinds[0] is kinds[1] and len(values[0]) == len(values[1]) and all(map(_is_same, *values))


def _shown(value: Any) -> str:
    return "…" if any(isinstance(each, keras.KerasTensor) for each in keras.tree.flatten(value)) else repr(value)
