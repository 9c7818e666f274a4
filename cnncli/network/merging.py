"""Merging layers whose inputs have different shapes: Keras repeats the smaller one without an error (broadcasting).

Broadcasting is intended in gates and in contexts: (1, 1, C) from global pooling, or (H, W, 1) from a convolution with one
filter that multiplies every channel. It is hardly intended in the cases that are reported here:

- The network's own input has one channel, and it is combined with a map of several channels.
- An elementwise layer other than Multiply combines a map of one channel with a map of several channels.
- An elementwise layer other than Multiply combines a map with another one that a convolution with strides has reduced to
  length 1.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras

from cnncli import keras_internals
from cnncli.errors import Problem
from cnncli.network.build import Network
from cnncli.network.connect import shape_text
from cnncli.network.graph import Graph, Part
from cnncli.recipe.layers import name_of
from cnncli.recipe.schema import Recipe

_ELEMENTWISE = ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum")
_CHANGES_NO_SHAPE = (
    *("Activation", "ReLU", "LeakyReLU", "PReLU", "ELU", "Softmax", "Rescaling", "Normalization", "Dropout"),
    *("SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", "GaussianNoise", "GaussianDropout", "AlphaDropout"),
    *("BatchNormalization", "LayerNormalization", "GroupNormalization", "UnitNormalization", "Identity"),
)
_CHANGES_NO_CHANNELS = (
    *("MaxPooling1D", "MaxPooling2D", "MaxPooling3D", "AveragePooling1D", "AveragePooling2D", "AveragePooling3D"),
    *("ZeroPadding1D", "ZeroPadding2D", "ZeroPadding3D", "Cropping1D", "Cropping2D", "Cropping3D"),
    *("UpSampling1D", "UpSampling2D", "UpSampling3D", "Resizing", "CenterCrop"),
)


def unintended_broadcasts(recipe: Recipe, network: Network) -> list[Problem]:
    """Return a note for each merging layer whose inputs differ in shape and are hardly meant to.

    Args:
        recipe: the recipe, written out.
        network: its network; symbolic is enough.

    Returns:
        One note for each layer, with its path in the recipe.
    """
    parts = Graph(network.full_model, network.tensors).parts
    found = []
    for index, item in enumerate(recipe.model.layers):
        part = parts.get(name_of(item)) if item.entry.canonical in _ELEMENTWISE else None
        if part is None or len(part.inputs) < 2:
            continue
        if any(_is_unintended(tensor, part) for tensor in part.inputs):
            shapes = " and ".join(shape_text(tensor.shape[1:]) for tensor in part.inputs)
            result = shape_text(part.outputs[0].shape[1:])
            message = f"{item.name} combines {shapes}: values are repeated to get {result}"
            hint = "if this is not intended, check `from`, and give all inputs the same shape"
            found.append(Problem(message, hint, path=("model", "layers", index, item.name)))
    return found


def _is_unintended(tensor: Any, part: Part) -> bool:
    """Whether a layer repeats this input of it, and the input was hardly made for that."""
    shape, result = tuple(tensor.shape[1:]), tuple(part.outputs[0].shape[1:])
    if len(shape) != len(result) or len(shape) < 2:
        return False  # a row of numbers for a map; one number for a row of them
    repeated = [axis for axis, (own, wanted) in enumerate(zip(shape, result, strict=True)) if own == 1 != wanted]
    channels = len(shape) - 1
    multiplies = isinstance(part.operation, keras.layers.Multiply)
    if repeated == [channels]:
        return _is_full_map(part, result) and (not multiplies or _is_network_input(tensor))
    return bool(repeated) and not multiplies and _is_reduced_by_strides(tensor)


def _is_full_map(part: Part, result: tuple[int | None, ...]) -> bool:
    """Whether one input has the shape of the result; if none has, an outer sum or product is intended."""
    return any(tuple(tensor.shape[1:]) == result for tensor in part.inputs)


def _makers(tensor: Any) -> Iterator[tuple[Any, list[Any]]]:
    """The operations that lead to a tensor with what they take, the last one first, as long as each has one input."""
    while True:
        origin = keras_internals.origin_of(tensor)
        inputs = keras_internals.inputs_of_call(origin)
        yield origin.operation, inputs
        if len(inputs) != 1:
            return
        [tensor] = inputs


def _is_network_input(tensor: Any) -> bool:
    for operation, _ in _makers(tensor):
        if isinstance(operation, keras.layers.InputLayer):
            return True
        if type(operation).__name__ not in (*_CHANGES_NO_SHAPE, *_CHANGES_NO_CHANNELS):
            return False
    return False


def _is_reduced_by_strides(tensor: Any) -> bool:
    """Whether the layer that gave the tensor its lengths is a convolution with strides."""
    space = tuple(tensor.shape[1:-1])
    for operation, inputs in _makers(tensor):
        if all(tuple(came_in.shape[1:-1]) == space for came_in in inputs):
            continue
        strides = getattr(operation, "strides", 1)
        is_convolution = getattr(operation, "kernel_size", None) is not None
        return is_convolution and any(step > 1 for step in (strides if isinstance(strides, tuple) else (strides,)))
    return False
