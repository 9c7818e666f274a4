"""Compute receptive fields: how much of the input one output value depends on.

The field is the theoretical one: the width of the window in the input, counted beyond the border too, so that it can be larger
than the image. It is the same as in Araujo, Norris and Sim, "Computing Receptive Fields of Convolutional Neural Networks"
(Distill, 2019): through a window of width k over positions j apart it grows by (k - 1) * j. Where branches meet, the widest
counts.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import keras

Shape = Sequence[int | None]


@dataclass(frozen=True)
class Field:
    """A receptive field, with one number for each of height, width, ….

    Attributes:
        size: its width in positions of the input.
        stride: how far apart in the input the fields of two neighbours are; below 1 after upsampling.
        whole: everything is seen, as after global pooling; then `size` and `stride` say nothing.
    """

    size: tuple[Fraction, ...]
    stride: tuple[Fraction, ...]
    whole: bool = False

    @property
    def pixels(self) -> tuple[int, ...]:
        """The size in whole positions."""
        return tuple(math.ceil(size) for size in self.size)


WHOLE = Field((), (), whole=True)


def field_of_input(shape: Shape) -> Field | None:
    """One pixel sees itself.

    Args:
        shape: of the input, (batch, …, channels).

    Returns:
        None for an input without space, such as the columns of a table.
    """
    dimensions = len(shape) - 2
    return Field((Fraction(1),) * dimensions, (Fraction(1),) * dimensions) if dimensions > 0 else None


def spatial(layer: Any, shape: Shape) -> tuple[int | None, ...]:
    """Height, width, … of a shape (batch, …, channels), or of (batch, channels, …) where the layer says so."""
    return tuple(shape[2:] if getattr(layer, "data_format", None) == "channels_first" else shape[1:-1])


def field_after(
    layer: keras.layers.Layer, fields: Sequence[Field | None], inputs: Sequence[Shape], output: Shape
) -> Field | None:
    """Follow the receptive field through a layer.

    Args:
        fields: of what comes in, one an input; None where it is not known.
        inputs: the shapes of what comes in, with the batch first.
        output: the shape that leaves the layer.

    Returns:
        The field; None where it is not known, as after a Reshape that moves pixels.
    """
    known = [field for field in fields if field is not None]
    if not known or len(known) < len(fields):
        return None
    if any(field.whole for field in known):
        return WHOLE
    rule = next((rule for pattern, rule in _RULES if re.search(pattern, type(layer).__name__)), _unmoved)
    return rule(layer, known, inputs, output)


def widest(fields: Sequence[Field | None]) -> Field | None:
    """The field where branches meet pixel by pixel; None when one of them is not known."""
    known = [field for field in fields if field is not None]
    if not known or len(known) < len(fields):
        return None
    if any(field.whole for field in known):
        return WHOLE
    if len({len(field.size) for field in known}) > 1:
        return None
    return Field(tuple(max(sizes) for sizes in zip(*(field.size for field in known), strict=True)), known[0].stride)


def _window(layer: Any, fields: Sequence[Field], inputs: Sequence[Shape], output: Shape) -> Field | None:
    [field] = fields
    count = len(field.size)
    widths = _each(getattr(layer, "kernel_size", None) or layer.pool_size, count)
    rates = _each(getattr(layer, "dilation_rate", 1), count)
    strides = _each(layer.strides, count)
    spans = [(width - 1) * rate for width, rate in zip(widths, rates, strict=True)]
    return _grown(field, spans, strides)


def _transposed(layer: Any, fields: Sequence[Field], inputs: Sequence[Shape], output: Shape) -> Field | None:
    [field] = fields
    strides = _each(layer.strides, len(field.size))
    widths = _each(layer.kernel_size, len(field.size))
    rates = _each(layer.dilation_rate, len(field.size))
    # With stride s, a number that comes in is spread over k places s apart: at most ceil(k / s) of them meet. With a
    # dilation, which Keras allows with stride 1 alone, they are as many positions apart.
    spans = [(math.ceil(width / stride) - 1) * rate for width, stride, rate in zip(widths, strides, rates, strict=True)]
    return _grown(field, spans, [Fraction(1, stride) for stride in strides])


def _upsampling(layer: Any, fields: Sequence[Field], inputs: Sequence[Shape], output: Shape) -> Field | None:
    [field] = fields
    factors = _each(layer.size, len(field.size))
    taps = _TAPS.get(getattr(layer, "interpolation", "nearest"), 1)
    return _grown(field, [taps - 1] * len(factors), [Fraction(1, factor) for factor in factors])


def _resizing(layer: Any, fields: Sequence[Field], inputs: Sequence[Shape], output: Shape) -> Field | None:
    """Resizing, and pooling to a given size: windows as wide as the positions are apart."""
    [field] = fields
    came, goes = spatial(layer, inputs[0]), spatial(layer, output)
    if None in came or None in goes or len(came) != len(goes):
        return None
    steps = [Fraction(int(before or 1), int(after or 1)) for before, after in zip(came, goes, strict=True)]
    if "Pooling" in type(layer).__name__:
        # Window i goes from floor(i * step) to ceil((i + 1) * step).
        spans = [math.ceil(step) - (step.denominator == 1) for step in steps]
    else:
        taps = _TAPS.get(layer.interpolation, 1)
        spans = [0 if step == 1 else taps - 1 for step in steps]
    return _grown(field, spans, steps)


def _grown(field: Field, spans: Sequence[int], strides: Sequence[int | Fraction]) -> Field:
    """The field through windows that reach `spans` positions beyond their first, `strides` apart."""
    size = tuple(size + span * step for size, span, step in zip(field.size, spans, field.stride, strict=True))
    return Field(size, tuple(step * stride for step, stride in zip(field.stride, strides, strict=True)))


def _everything(layer: Any, fields: Sequence[Field], inputs: Sequence[Shape], output: Shape) -> Field | None:
    return WHOLE


def _dense(layer: Any, fields: Sequence[Field], inputs: Sequence[Shape], output: Shape) -> Field | None:
    """After Flatten it sees everything; over the channels of an image only what its own pixel sees."""
    return WHOLE if len(output) == 2 else _unmoved(layer, fields, inputs, output)


def _flattened(layer: Any, fields: Sequence[Field], inputs: Sequence[Shape], output: Shape) -> Field | None:
    [field] = fields
    return field if len(output) == 2 or tuple(inputs[0][1:-1]) == tuple(output[1:-1]) else None


def _moved(layer: Any, fields: Sequence[Field], inputs: Sequence[Shape], output: Shape) -> Field | None:
    return fields[0]


def _unmoved(layer: Any, fields: Sequence[Field], inputs: Sequence[Shape], output: Shape) -> Field | None:
    """Each pixel for itself; of several inputs the widest field counts."""
    # An input of other lengths is stretched to the output's (broadcast): the positions are those of the others.
    same = [f for f, shape in zip(fields, inputs, strict=True) if tuple(shape[1:-1]) == tuple(output[1:-1])]
    return widest([*same, *(field for field in fields if field not in same)]) if same else None


def _unknown(layer: Any, fields: Sequence[Field], inputs: Sequence[Shape], output: Shape) -> Field | None:
    return None


def _network(layer: Any, fields: Sequence[Field], inputs: Sequence[Shape], output: Shape) -> Field | None:
    """A network within the network, as ConvNeXt has: its layers stand in a row."""
    field: Field | None = fields[0]
    for part in layer.layers:
        field = field_after(part, [field], [part.input.shape], part.output.shape)
    return field


def _wrapped(layer: Any, fields: Sequence[Field], inputs: Sequence[Shape], output: Shape) -> Field | None:
    return field_after(layer.layer, fields, inputs, output)


def _each(value: int | Sequence[int], count: int) -> tuple[int, ...]:
    return (value,) * count if isinstance(value, int) else tuple(value)


# Pixels that a value between them is made of, along one dimension.
_TAPS = {"nearest": 1, "bilinear": 2, "bicubic": 4, "lanczos3": 6, "lanczos5": 10}
_Rule = Callable[[Any, Sequence[Field], Sequence[Shape], Shape], Field | None]
# The first pattern that a layer's class matches.
_RULES: tuple[tuple[str, _Rule], ...] = (
    (r"^Global.*Pool|Attention|LSTM|GRU|RNN|^Bidirectional", _everything),
    (r"^Adaptive.*Pooling|^Resizing$", _resizing),
    (r"^Conv\w*Transpose$", _transposed),
    (r"^(Separable|Depthwise)?Conv\dD$|^(Max|Average)Pooling", _window),
    (r"^UpSampling", _upsampling),
    (r"^(ZeroPadding|Cropping)|^(CenterCrop|RandomCrop)$", _moved),
    (r"^(Einsum)?Dense$", _dense),
    (r"^(Flatten|Reshape)$", _flattened),
    (r"^Sequential$", _network),
    (r"^SpectralNormalization$", _wrapped),
    (r"^(Functional|Model|Permute|RepeatVector|TimeDistributed)$", _unknown),
)
