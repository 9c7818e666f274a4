"""Count the multiply-adds of a layer for one example.

One multiplication with the addition that follows it counts as one. Counted are the products of inputs with weights, and of
inputs with inputs in attention: convolutions, dense and recurrent layers. Not counted, as in the published numbers of VGG,
GoogLeNet and ResNet: biases, activations, pooling, merging by adding, resizing, and normalisation (at inference
BatchNormalization folds into the convolution before it).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import keras
from keras import layers

from cnncli.network.receptive_field import spatial

Shape = Sequence[int | None]

# Layers whose weights meet each number once, or are looked up.
_ELEMENTWISE = (
    "BatchNormalization",
    "LayerNormalization",
    "GroupNormalization",
    "RMSNormalization",
    "UnitNormalization",
    "Normalization",
    "PReLU",
    "Embedding",
    "ReversibleEmbedding",
    "LayerScale",
)


class _OpenLength(Exception):
    """A length of a shape is not known."""


def multiply_adds(layer: keras.layers.Layer, inputs: Sequence[Shape], output: Shape) -> int | None:
    """Count the multiply-adds of a layer for one example.

    Args:
        layer: a built layer; its weights need no memory.
        inputs: the shapes that come in, with the batch first.
        output: the shape that leaves it.

    Returns:
        The count; None where there is no agreed way to count (a layer with weights that is not in the table), or where a
        length is open.

    Example:
        A 5x5 convolution with 6 filters on 32x32x1 has 28 * 28 * 5 * 5 * 1 * 6 = 117,600.
    """
    count = next((count for kinds, count in _COUNTS if isinstance(layer, kinds)), None)
    if count is None:
        return None if layer.weights and type(layer).__name__ not in _ELEMENTWISE else 0
    try:
        return count(layer, inputs, output)
    except _OpenLength:
        return None


def total(counts: Iterable[int | None]) -> int | None:
    """The sum; None where a part is not known."""
    known = list(counts)
    return None if None in known else sum(count for count in known if count is not None)


def _convolution(layer: Any, _: Sequence[Shape], output: Shape) -> int:
    return _product(spatial(layer, output)) * _product(layer.kernel.shape)


def _transposed(layer: Any, inputs: Sequence[Shape], _: Shape) -> int:
    # Every number that comes in meets the whole kernel once.
    return _product(spatial(layer, inputs[0])) * _product(layer.kernel.shape)


def _separable(layer: Any, _: Sequence[Shape], output: Shape) -> int:
    per_position = _product(layer.depthwise_kernel.shape) + _product(layer.pointwise_kernel.shape)
    return _product(spatial(layer, output)) * per_position


def _dense(layer: Any, _: Sequence[Shape], output: Shape) -> int:
    return _product(output[1:-1]) * _product(layer.kernel.shape)


def _einsum(layer: Any, inputs: Sequence[Shape], _: Shape) -> int | None:
    """The product of the lengths of all indices: each combination is one multiply-add."""
    lengths = einsum_lengths(layer, inputs[0])
    return None if lengths is None else _product(lengths)


def einsum_lengths(layer: Any, came_in: Shape) -> list[int | None] | None:
    """The length of each index of an equation, that of the batch as 1; None where the equation does not tell them."""
    variable, kernel = layer.equation.replace(" ", "").split("->")[0].split(",")
    lengths: dict[str, int | None] = {}
    for letters, shape in ((variable, (1, *came_in[1:])), (kernel, layer.kernel.shape)):
        before, dots, after = letters.partition("...")
        middle = len(shape) - len(before) - len(after)
        if middle and not dots:
            return None
        lengths |= dict(zip([*before, *(f"...{number}" for number in range(middle)), *after], shape, strict=True))
    return list(lengths.values())


def _recurrent(layer: Any, inputs: Sequence[Shape], _: Shape) -> int | None:
    return _steps(inputs[0]) * _cell(layer.cell) if hasattr(layer.cell, "kernel") else None


def _convolutional_recurrent(layer: Any, inputs: Sequence[Shape], output: Shape) -> int:
    positions = spatial(layer, (output[0], *output[2:]) if layer.return_sequences else output)
    return _steps(inputs[0]) * _product(positions) * _cell(layer.cell)


def _both_ways(layer: Any, inputs: Sequence[Shape], output: Shape) -> int | None:
    return total(multiply_adds(way, inputs, output) for way in (layer.forward_layer, layer.backward_layer))


def _each_step(layer: Any, inputs: Sequence[Shape], output: Shape) -> int | None:
    [came_in] = inputs
    count = multiply_adds(layer.layer, [(came_in[0], *came_in[2:])], (output[0], *output[2:]))
    return None if count is None else _steps(came_in) * count


def _wrapped(layer: Any, inputs: Sequence[Shape], output: Shape) -> int | None:
    return multiply_adds(layer.layer, inputs, output)


def _multi_head(layer: Any, inputs: Sequence[Shape], output: Shape) -> int | None:
    """Four projections, the scores of every query with every key, and the values weighted by them."""
    query, value, *key = inputs
    if len(query) != 3 or len(value) != 3:
        return None
    config = layer.get_config()
    heads, key_size = config["num_heads"], config["key_dim"]
    value_size = config["value_dim"] or key_size
    asked, known = _steps(query), _steps(value)
    projections = (
        _product(query[1:]) * key_size
        + _product((key or [value])[0][1:]) * key_size
        + _product(value[1:]) * value_size
        + asked * value_size * _product(output[-1:])
    )
    return int(heads * (projections + asked * known * (key_size + value_size)))


def _attention(_: Any, inputs: Sequence[Shape], __: Shape) -> int | None:
    query, value, *_key = inputs
    if len(query) != 3 or len(value) != 3:
        return None
    return _steps(query) * _steps(value) * (_product(query[-1:]) + _product(value[-1:]))


def _dot(layer: Any, inputs: Sequence[Shape], output: Shape) -> int:
    axis = layer.axes if isinstance(layer.axes, int) else layer.axes[0]
    return _product(output[1:]) * _product([inputs[0][axis]])


def _network(layer: Any, _: Sequence[Shape], __: Shape) -> int | None:
    """A network within the network, as ConvNeXt has."""
    return total(
        multiply_adds(part, [tensor.shape for tensor in keras.tree.flatten(part.input)], part.output.shape)
        for part in layer.layers
    )


def _cell(cell: Any) -> int:
    return _product(cell.kernel.shape) + _product(cell.recurrent_kernel.shape)


def _steps(shape: Shape) -> int:
    return _product(shape[1:2])


def _product(lengths: Sequence[int | None]) -> int:
    if None in lengths:
        raise _OpenLength
    return math.prod(int(length) for length in lengths if length is not None)


_Count = Callable[[Any, Sequence[Shape], Shape], int | None]
_COUNTS: tuple[tuple[tuple[type, ...], _Count], ...] = (
    ((layers.Conv1DTranspose, layers.Conv2DTranspose, layers.Conv3DTranspose), _transposed),
    ((layers.SeparableConv1D, layers.SeparableConv2D), _separable),
    (
        (layers.Conv1D, layers.Conv2D, layers.Conv3D, layers.DepthwiseConv1D, layers.DepthwiseConv2D),
        _convolution,
    ),
    ((layers.Dense,), _dense),
    ((layers.EinsumDense,), _einsum),
    ((layers.ConvLSTM1D, layers.ConvLSTM2D, layers.ConvLSTM3D), _convolutional_recurrent),
    ((layers.TimeDistributed,), _each_step),
    ((layers.Bidirectional,), _both_ways),
    ((layers.SpectralNormalization,), _wrapped),
    ((layers.MultiHeadAttention,), _multi_head),
    ((layers.Attention, layers.AdditiveAttention), _attention),
    ((layers.Dot,), _dot),
    ((layers.RNN,), _recurrent),
    ((keras.Model,), _network),
)
