"""Functions of keras.ops and private layers of Keras' applications as Keras layers that compute the same."""

from __future__ import annotations

import numbers
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import keras
import numpy as np

from cnncli import keras_internals
from cnncli.conversion.graph_calls import Call

layers = keras.layers


class Step(NamedTuple):
    """A layer in the place of a call, or of a part of it.

    Attributes:
        layer: of Keras, called on symbols of the right shapes.
        inputs: the names of what it takes.
        suffix: what its name has more than that of the call; the last step has the call's own.
    """

    layer: Any
    inputs: tuple[str, ...]
    suffix: str = ""


class _None(Exception):
    """No layer computes the same."""


def equivalent_layers(call: Call, *, policy: str) -> list[Step]:
    """The layers that compute what a call computes; empty where there are none.

    Args:
        call: of a function, or of a layer that is not in the catalogue.
        policy: the dtype policy of the network.
    """
    make = _MAKERS.get(type(call.operation).__name__)
    if make is None or (call.is_layer and not call.refused):
        return []
    [given, *more] = call.outputs
    kept: dict[str, Any] = {"dtype": "float32" if given.dtype == "float32" else policy}
    if more:
        return []
    try:
        steps = list(make(call, kept))
    except (_None, ValueError, TypeError):  # no layer computes the same, or Keras refuses its arguments
        return []
    try:
        symbols = dict(zip(call.inputs, keras_internals.inputs_of_call(_origin(call)), strict=True))
        result = None
        for step in steps:
            taken = [keras.Input(batch_shape=symbols[name].shape, dtype=symbols[name].dtype) for name in step.inputs]
            result = symbols[f"{call.name}{step.suffix}"] = step.layer(taken if len(taken) > 1 else taken[0])
    except Exception:  # Keras raises many kinds for shapes that do not go together
        return []
    is_same = result is not None and (result.shape, result.dtype) == (given.shape, given.dtype)
    return steps if is_same else []


def may_have_equivalent(kind: str) -> bool:
    """Whether calls of a class can have equivalent layers, or compute a mask, by its name alone."""
    return kind in _MAKERS or kind in ("Any", "NotEqual")


def _origin(call: Call) -> keras_internals.Origin:
    return keras_internals.Origin(call.operation, call.number)


# ---- layers of applications --------------------------------------------------------------------------------------------


def _scaled_sum(call: Call, kept: dict[str, Any]) -> list[Step]:
    """CustomScaleLayer of InceptionResNetV2: inputs[0] + inputs[1] * scale."""
    first, second = call.inputs
    scaled = Step(layers.Rescaling(call.operation.scale, **kept), (second,), "_scaled")
    return [scaled, Step(layers.Add(**kept), (first, f"{call.name}{scaled.suffix}"))]


def _channel_scale(call: Call, kept: dict[str, Any]) -> list[Step]:
    """LayerScale of ConvNeXt: a trainable factor for each channel."""
    initial = keras.initializers.Constant(call.operation.init_values)
    width = call.operation.projection_dim
    return [Step(layers.EinsumDense("...c,c->...c", width, kernel_initializer=initial, **kept), call.inputs)]


# ---- functions ---------------------------------------------------------------------------------------------------------


def _operands(call: Call) -> list[Any]:
    """The operands of a function of two: symbols, or numbers."""
    positional, named = keras_internals.arguments_of_call(_origin(call))
    found = [*positional, *(named[name] for name in ("x1", "x2") if name in named)]
    if len(found) != 2:
        raise _None
    return [each if isinstance(each, keras.KerasTensor) else _number(each) for each in found]


def _number(value: Any) -> float:
    if not isinstance(value, numbers.Real) and np.ndim(value):
        raise _None
    return float(value)


def _merged(kind: str, with_number: Callable[[float, bool], tuple[float, float]] | None = None) -> Any:
    """Makes a merging layer of two tensors, or a Rescaling where one operand is a number.

    Args:
        with_number: the number, and whether it comes first -> scale and offset.
    """

    def make(call: Call, kept: dict[str, Any]) -> list[Step]:
        first, second = _operands(call)
        tensors = [each for each in (first, second) if isinstance(each, keras.KerasTensor)]
        if len(tensors) == 2 and kind and len(first.shape) == len(second.shape):
            return [Step(getattr(layers, kind)(**kept), call.inputs if len(call.inputs) == 2 else call.inputs * 2)]
        if len(tensors) != 1 or with_number is None:
            raise _None
        is_first = tensors[0] is second
        scale, offset = with_number(first if is_first else second, is_first)
        return [Step(layers.Rescaling(scale, offset=offset, **kept), call.inputs)]

    return make


def _divided(number: float, is_first: bool) -> tuple[float, float]:
    if is_first:
        raise _None
    return 1 / number, 0.0


def _negative(call: Call, kept: dict[str, Any]) -> list[Step]:
    return [Step(layers.Rescaling(-1.0, **kept), call.inputs)]


def _square(call: Call, kept: dict[str, Any]) -> list[Step]:
    return [Step(layers.Multiply(**kept), call.inputs * 2)]


def _reshaped(call: Call, kept: dict[str, Any]) -> list[Step]:
    shape = call.outputs[0].shape[1:]
    [symbol] = keras_internals.inputs_of_call(_origin(call))
    if symbol.shape[0] is not None or None in shape or None in symbol.shape[1:]:
        raise _None
    return [Step(layers.Reshape(shape, **kept), call.inputs)]


def _transposed(call: Call, kept: dict[str, Any]) -> list[Step]:
    axes = list(call.operation.axes or ())
    if not axes or axes[0] != 0:
        raise _None
    return [Step(layers.Permute(axes[1:], **kept), call.inputs)]


def _concatenated(call: Call, kept: dict[str, Any]) -> list[Step]:
    axis, rank = call.operation.axis, len(call.outputs[0].shape)
    if axis % rank == 0 or len(call.inputs) < 2:
        raise _None
    return [Step(layers.Concatenate(axis=axis, **kept), call.inputs)]


def _pooled(kind: str) -> Any:
    """Makes a global pooling where a function reduces all axes but the batch and the channels."""

    def make(call: Call, kept: dict[str, Any]) -> list[Step]:
        [symbol] = keras_internals.inputs_of_call(_origin(call))
        rank = len(symbol.shape)
        axis = call.operation.axis
        axes = sorted(each % rank for each in ([axis] if isinstance(axis, int) else axis or ()))
        if (
            rank not in (3, 4, 5)
            or axes != list(range(1, rank - 1))
            or getattr(call.operation, "initial", None) is not None
        ):
            raise _None
        pooling = getattr(layers, f"Global{kind}Pooling{rank - 2}D")
        return [Step(pooling(keepdims=call.operation.keepdims, data_format="channels_last", **kept), call.inputs)]

    return make


def _activated(name: str, **wanted: Any) -> Any:
    """Makes an Activation where a function has the arguments that the activation has."""

    def make(call: Call, kept: dict[str, Any]) -> list[Step]:
        if any(getattr(call.operation, key) != value for key, value in wanted.items()):
            raise _None
        return [Step(layers.Activation(name, **kept), call.inputs)]

    return make


def _cropped(call: Call, kept: dict[str, Any]) -> list[Step]:
    """x[:, 1:-1, 1:-1]: a part along the axes between the batch and the channels."""
    [symbol] = keras_internals.inputs_of_call(_origin(call))
    positional, named = keras_internals.arguments_of_call(_origin(call))
    key = named["key"] if "key" in named else positional[1]
    given, rank = list(key) if isinstance(key, (tuple, list)) else [key], len(symbol.shape)
    cuts = [*given, *[slice(None)] * (rank - len(given))]
    if rank not in (3, 4, 5) or any(cut != slice(None) for cut in (cuts[0], cuts[-1])):
        raise _None
    ranges = [range(size)[cut] for size, cut in zip(symbol.shape[1:-1], cuts[1:-1], strict=True)]
    if any(each.step != 1 or not each for each in ranges):
        raise _None
    sides = [(each.start, size - each.stop) for each, size in zip(ranges, symbol.shape[1:-1], strict=True)]
    cropping = getattr(layers, f"Cropping{rank - 2}D")
    return [Step(cropping(sides if rank > 3 else sides[0], **kept), call.inputs)]


_MAKERS: dict[str, Callable[[Call, dict[str, Any]], Sequence[Step]]] = {
    "CustomScaleLayer": _scaled_sum,
    "LayerScale": _channel_scale,
    "Add": _merged("Add", lambda number, is_first: (1.0, number)),
    "Subtract": _merged("Subtract", lambda number, is_first: (-1.0, number) if is_first else (1.0, -number)),
    "Multiply": _merged("Multiply", lambda number, is_first: (number, 0.0)),
    "Divide": _merged("", _divided),
    "TrueDivide": _merged("", _divided),
    "Maximum": _merged("Maximum"),
    "Minimum": _merged("Minimum"),
    "Negative": _negative,
    "Square": _square,
    "Reshape": _reshaped,
    "ExpandDims": _reshaped,
    "Squeeze": _reshaped,
    "Transpose": _transposed,
    "Concatenate": _concatenated,
    "GetItem": _cropped,
    "Mean": _pooled("Average"),
    "Max": _pooled("Max"),
    "Relu": _activated("relu"),
    "Relu6": _activated("relu6"),
    "Sigmoid": _activated("sigmoid"),
    "Tanh": _activated("tanh"),
    "Silu": _activated("silu"),
    "Softplus": _activated("softplus"),
    "Softsign": _activated("softsign"),
    "Selu": _activated("selu"),
    "Elu": _activated("elu", alpha=1.0),
    "Gelu": _activated("gelu", approximate=False),
    "Softmax": _activated("softmax", axis=-1),
    "LogSoftmax": _activated("log_softmax", axis=-1),
}
