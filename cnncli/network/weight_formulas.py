"""Expressions that count the parameters and the multiply-adds of a layer, `5*5*1*6 + 6`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from keras import layers

from cnncli.network.multiply_adds import einsum_lengths
from cnncli.network.receptive_field import spatial

Shape = Sequence[int | None]

CONVOLUTIONS = (layers.Conv1D, layers.Conv2D, layers.Conv3D)
TRANSPOSED = (layers.Conv1DTranspose, layers.Conv2DTranspose, layers.Conv3DTranspose)
DEPTHWISE = (layers.DepthwiseConv1D, layers.DepthwiseConv2D)
SEPARABLE = (layers.SeparableConv1D, layers.SeparableConv2D)


def parameters(layer: Any, inputs: Sequence[Shape]) -> str:
    """The expression that counts a layer's weights; empty where there is none."""
    rule = next((rule for kinds, rule in _PARAMETERS if isinstance(layer, kinds)), None)
    return rule(layer, inputs) if rule and inputs else ""


def _kernel(layer: Any, inputs: Sequence[Shape]) -> str:
    """`5*5*1*6`, of several groups `5*5*(64/4)*128`."""
    channels = channels_of(layer, inputs[0])
    groups = getattr(layer, "groups", 1)
    each = str(channels) if groups == 1 else f"({channels}/{groups})"
    return f"{product(layer.kernel_size)}*{each}*{int(layer.filters)}"


def _convolution_weights(layer: Any, inputs: Sequence[Shape]) -> str:
    return _with_bias(_kernel(layer, inputs), layer, int(layer.filters))


def _per_channel(layer: Any, inputs: Sequence[Shape]) -> str:
    return f"{product(layer.kernel_size)}*{channels_of(layer, inputs[0])}*{layer.depth_multiplier}"


def _depthwise_weights(layer: Any, inputs: Sequence[Shape]) -> str:
    return _with_bias(_per_channel(layer, inputs), layer, f"{channels_of(layer, inputs[0])}*{layer.depth_multiplier}")


def _separable_weights(layer: Any, inputs: Sequence[Shape]) -> str:
    return _with_bias(f"{_per_channel(layer, inputs)} + {_pointwise(layer, inputs)}", layer, int(layer.filters))


def _pointwise(layer: Any, inputs: Sequence[Shape]) -> str:
    return f"{channels_of(layer, inputs[0])}*{layer.depth_multiplier}*{int(layer.filters)}"


def _dense_weights(layer: Any, inputs: Sequence[Shape]) -> str:
    return _with_bias(f"{inputs[0][-1]}*{int(layer.units)}", layer, int(layer.units))


def _einsum_weights(layer: Any, _: Sequence[Shape]) -> str:
    bias = getattr(layer, "bias", None)
    return " + ".join(product(weights.shape) for weights in (layer.kernel, bias) if weights is not None)


def _statistics(layer: Any, inputs: Sequence[Shape]) -> str:
    """Batch normalisation: gamma, beta, moving mean and moving variance for each channel."""
    return f"{layer.scale + layer.center + 2}*{inputs[0][layer.axis]}"


def _scales(layer: Any, inputs: Sequence[Shape]) -> str:
    axes = layer.axis if isinstance(layer.axis, (list, tuple)) else [layer.axis]
    count = getattr(layer, "scale", True) + getattr(layer, "center", False)
    return f"{count}*{product([inputs[0][axis] for axis in axes])}"


def _one_scale(layer: Any, inputs: Sequence[Shape]) -> str:
    axes = layer.axis if isinstance(layer.axis, (list, tuple)) else [layer.axis]
    return "1*" + product([inputs[0][axis] for axis in axes])


def _slopes(layer: Any, inputs: Sequence[Shape]) -> str:
    shared = layer.shared_axes or ()
    return product([1 if axis in shared else length for axis, length in enumerate(inputs[0])][1:])


def _table(layer: Any, _: Sequence[Shape]) -> str:
    return f"{layer.input_dim}*{layer.output_dim}"


def _recurrent_weights(layer: Any, inputs: Sequence[Shape]) -> str:
    cell, gates = layer.cell, _gates(layer)
    biases = {True: f" + {cell.units}", False: ""}[cell.use_bias]
    if isinstance(cell, layers.GRUCell) and cell.use_bias and cell.reset_after:
        biases = f" + 2*{cell.units}"
    inner = f"{_meets(layer, inputs)}{biases}"
    return inner if gates == 1 else f"{gates}*({inner})"


def _meets(layer: Any, inputs: Sequence[Shape]) -> str:
    """The weights for what comes in and for the state: `(10 + 32)*32`."""
    return f"({inputs[0][-1]} + {layer.cell.units})*{layer.cell.units}"


def _gates(layer: Any) -> int:
    return {"LSTMCell": 4, "GRUCell": 3}.get(type(layer.cell).__name__, 1)


def _twice(layer: Any, inputs: Sequence[Shape]) -> str:
    one = parameters(layer.forward_layer, inputs)
    return one and f"2*({one})"


def _shared(layer: Any, inputs: Sequence[Shape]) -> str:
    return parameters(layer.layer, _without_steps(inputs))


def _projections(layer: Any, inputs: Sequence[Shape]) -> str:
    """Multi-head attention: query, key, value, and the output."""
    query, value, *key = (shape[-1] for shape in inputs)
    config = layer.get_config()
    heads, size, width = config["num_heads"], config["key_dim"], config["value_dim"] or config["key_dim"]
    came = [(query, size), ((key or [value])[0], size), (value, width)]
    parts = [_with_bias(f"{channels}*{heads}*{each}", layer, f"{heads}*{each}") for channels, each in came]
    return " + ".join([*parts, _with_bias(f"{heads}*{width}*{query}", layer, query)])


def _attends(layer: Any, inputs: Sequence[Shape]) -> str:
    """Multi-head attention: four projections, every query with every key, and the values weighted by that."""
    query, value, *key = inputs
    if len(query) != 3 or len(value) != 3:
        return ""
    config = layer.get_config()
    heads, size, width = config["num_heads"], config["key_dim"], config["value_dim"] or config["key_dim"]
    terms = Counter(
        [
            product([*query[1:], heads, size]),
            product([*(key or [value])[0][1:], heads, size]),
            product([*value[1:], heads, width]),
            product([*query[1:], heads, width]),
            product([query[1], value[1], heads, size]),
            product([query[1], value[1], heads, width]),
        ]
    )
    return " + ".join(term if count == 1 else f"{count}*{term}" for term, count in terms.items() if term)


def _with_bias(weights: str, layer: Any, biases: Any) -> str:
    has_bias = getattr(layer, "use_bias", None)
    if has_bias is None:
        has_bias = layer.get_config().get("use_bias", False)
    return f"{weights} + {biases}" if has_bias else weights


_Rule = Callable[[Any, Sequence[Shape]], str]
_RECURRENT = (layers.LSTM, layers.GRU, layers.SimpleRNN)
_PARAMETERS: tuple[tuple[Any, _Rule], ...] = (
    (SEPARABLE, _separable_weights),
    (DEPTHWISE, _depthwise_weights),
    ((*TRANSPOSED, *CONVOLUTIONS), _convolution_weights),
    (layers.Dense, _dense_weights),
    (layers.EinsumDense, _einsum_weights),
    (layers.BatchNormalization, _statistics),
    ((layers.LayerNormalization, layers.GroupNormalization), _scales),
    (layers.RMSNormalization, _one_scale),
    (layers.PReLU, _slopes),
    (layers.Embedding, _table),
    (_RECURRENT, _recurrent_weights),
    (layers.Bidirectional, _twice),
    (layers.TimeDistributed, _shared),
    (layers.MultiHeadAttention, _projections),
)


def multiply_adds(layer: Any, inputs: Sequence[Shape], output: Shape) -> str:
    """The expression that counts a layer's multiply-adds; empty where there is none."""
    if isinstance(layer, SEPARABLE):
        per_position = f"({_per_channel(layer, inputs)} + {_pointwise(layer, inputs)})"
        return _times(spatial(layer, output), per_position)
    if isinstance(layer, DEPTHWISE):
        return _times(spatial(layer, output), _per_channel(layer, inputs))
    if isinstance(layer, TRANSPOSED):
        return _times(spatial(layer, inputs[0]), _kernel(layer, inputs))
    if isinstance(layer, CONVOLUTIONS):
        return _times(spatial(layer, output), _kernel(layer, inputs))
    if isinstance(layer, layers.Dense):
        return _times(output[1:-1], f"{inputs[0][-1]}*{int(layer.units)}")
    if isinstance(layer, layers.EinsumDense):
        return product((einsum_lengths(layer, inputs[0]) or [])[1:])
    if isinstance(layer, layers.MultiHeadAttention):
        return _attends(layer, inputs)
    if isinstance(layer, _RECURRENT):
        gates = _gates(layer)
        return _times([inputs[0][1], *([gates] if gates > 1 else [])], _meets(layer, inputs))
    if isinstance(layer, layers.Bidirectional):
        one = multiply_adds(layer.forward_layer, inputs, output)
        return one and f"2*{one}"
    if isinstance(layer, layers.TimeDistributed):
        one = multiply_adds(layer.layer, _without_steps(inputs), (output[0], *output[2:]))
        return one and _times([inputs[0][1]], one)
    return ""


def _without_steps(inputs: Sequence[Shape]) -> list[Shape]:
    return [(shape[0], *shape[2:]) for shape in inputs]


def _times(lengths: Iterable[int | None], rest: str) -> str:
    """`28*28*5*5*1*6`; nothing where a length is open."""
    lengths = list(lengths)
    return "" if None in lengths else "*".join([*map(str, lengths), rest])


def channels_of(layer: Any, shape: Shape) -> int | None:
    return shape[1] if getattr(layer, "data_format", None) == "channels_first" else shape[-1]


def product(lengths: Iterable[int | None]) -> str:
    """`5*5`; nothing where a length is open."""
    lengths = list(lengths)
    return "" if None in lengths else "*".join(map(str, lengths))
