"""Formulas of layers with the numbers filled in: output size, parameters, multiply-adds, receptive field.

A formula is shown only where it gives the number of the built network; any other number is given as Keras has it.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

from keras import layers

from cnncli.inputs import kind_of
from cnncli.network.explanation import FIELD, FIELD_STRIDE, MULTIPLY_ADDS, OUTPUT, PARAMETERS, Formula
from cnncli.network.receptive_field import Field, spatial
from cnncli.network.summary import LayerSummary
from cnncli.network.weight_formulas import (
    CONVOLUTIONS,
    DEPTHWISE,
    SEPARABLE,
    TRANSPOSED,
    Shape,
    channels_of,
    multiply_adds,
    parameters,
    product,
)

_POOLING = tuple(getattr(layers, f"{kind}Pooling{rank}D") for kind in ("Max", "Average") for rank in (1, 2, 3))
_WINDOWS = (*CONVOLUTIONS, *DEPTHWISE, *SEPARABLE, *_POOLING)
_PADDING = (layers.ZeroPadding1D, layers.ZeroPadding2D, layers.ZeroPadding3D)
_CROPPING = (layers.Cropping1D, layers.Cropping2D, layers.Cropping3D)
_UPSAMPLING = (layers.UpSampling1D, layers.UpSampling2D, layers.UpSampling3D)
_TAPS = {"bilinear": 2, "bicubic": 4, "lanczos3": 6, "lanczos5": 10}  # numbers that a new one is made of


def formulas_of(
    layer: Any, found: LayerSummary, inputs: Sequence[Shape], fields: Sequence[Field | None]
) -> tuple[Formula, ...]:
    """The formulas of a layer, each equal to the number that the summary has.

    Args:
        layer: a built Keras layer, or an operation between layers.
        found: its numbers.
        inputs: the shapes that come in, with the batch first.
        fields: the receptive fields of what comes in.
    """
    return (
        *_outputs(layer, found.output_shape, inputs),
        *_count(PARAMETERS, parameters(layer, inputs), found.params),
        *_count(MULTIPLY_ADDS, multiply_adds(layer, inputs, (None, *found.output_shape)), found.multiply_adds),
        *_fields(layer, found, inputs, fields),
    )


def sum_of(quantity: str, parts: Sequence[int | None]) -> tuple[Formula, ...]:
    """The formula of a number of several layers: the sum of theirs, written out where they are few."""
    known = [part for part in parts if part]
    if None in parts:
        return ()
    expression = " + ".join(map(str, known)) if 1 < len(known) <= 6 else ""
    return _count(quantity, expression, sum(known))


def field_alone(field: Field | None, before: Field | None = None) -> tuple[Formula, ...]:
    """A receptive field without the way to it, and the field stride where it is another than `before`."""
    if field is None:
        return ()
    if field.whole:
        return (Formula(FIELD, (), "", "the whole input"),)
    found = [Formula(FIELD, (), "", _alike(field.pixels))]
    if before is not None and before.stride != field.stride:
        found.append(Formula(FIELD_STRIDE, (), "", _alike([_number(step) for step in field.stride])))
    return tuple(found)


def _alike(values: Sequence[int | str]) -> int | str:
    """One number where all axes have it, else `5×7`."""
    return values[0] if len(set(values)) == 1 else "×".join(map(str, values))


def notes_of(layer: Any, inputs: Sequence[Shape]) -> tuple[str, ...]:
    """What to know about the way a layer computes its output size."""
    if isinstance(layer, _WINDOWS):
        return tuple(_window_notes(layer, inputs[0]))
    if isinstance(layer, TRANSPOSED) and layer.padding == "same" and layer.output_padding is None:
        return ("With padding same a transposed convolution multiplies the length by its stride.",)
    return ()


def evaluated(expression: str) -> Fraction:
    """The value of a formula: numbers, `+ - * /`, `ceil`, `floor`, `max`; fractions are exact."""
    return _computed(ast.parse(expression, mode="eval").body)


_OPERATORS: dict[type, Callable[[Fraction, Fraction], Fraction]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_FUNCTIONS: dict[str, Callable[..., Any]] = {"ceil": math.ceil, "floor": math.floor, "max": max}


def _gives(expression: str, value: int | Fraction) -> bool:
    """Whether an expression has a value; one with an open length has none."""
    try:
        return bool(expression) and evaluated(expression) == value
    except (SyntaxError, ValueError):
        return False


def _computed(node: ast.expr) -> Fraction:
    if isinstance(node, ast.Constant) and isinstance(node.value, int):
        return Fraction(node.value)
    if isinstance(node, ast.BinOp):
        return _OPERATORS[type(node.op)](_computed(node.left), _computed(node.right))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return Fraction(_FUNCTIONS[node.func.id](*[_computed(argument) for argument in node.args]))
    raise ValueError(f"no formula: {ast.unparse(node)}")


def _count(quantity: str, expression: str, value: int | None) -> tuple[Formula, ...]:
    """The formula of a count, if there is anything to count."""
    if not value:
        return ()
    return (Formula(quantity, (), expression if _gives(expression, value) else "", value),)


def _merged(formulas: Iterable[Formula]) -> tuple[Formula, ...]:
    """Formulas of axes with equal numbers as one."""
    axes: dict[tuple[str, str, int | str], list[str]] = {}
    for formula in formulas:
        axes.setdefault((formula.quantity, formula.expression, formula.value), []).extend(formula.axes)
    return tuple(Formula(key[0], tuple(names), key[1], key[2]) for key, names in axes.items())


# ---- output size -----------------------------------------------------------------------------------------------------


def _outputs(layer: Any, output: Shape, inputs: Sequence[Shape]) -> tuple[Formula, ...]:
    """A formula for each axis of the output that has one."""
    names = kind_of(output).AXES
    if getattr(layer, "data_format", None) == "channels_first":
        names = (*names[-1:], *names[:-1])
    rule = next((rule for kinds, rule in _OUTPUTS if isinstance(layer, kinds)), None)
    if type(layer).__name__ == "Concatenate":  # there is an operation of this name too
        rule = _joined
    if rule is None or not names:
        return ()
    found = []
    for axis, expression in rule(layer, inputs, output).items():
        value = output[axis]
        if value is not None and _gives(expression, value):
            found.append(Formula(OUTPUT, (names[axis],), expression, value))
    return _merged(found)


def _space(layer: Any, shape: Shape) -> list[tuple[int, int]]:
    """The axes of height, width, … in a shape without the batch, with their known lengths."""
    first = 1 if getattr(layer, "data_format", None) == "channels_first" else 0
    return [(first + index, length) for index, length in enumerate(spatial(layer, shape)) if length is not None]


def _windowed(layer: Any, inputs: Sequence[Shape], _: Shape) -> dict[int, str]:
    space = _space(layer, inputs[0])
    widths, strides, rates = _sides(layer, len(space))
    found = {
        axis: _positions(length, width, stride, rate, layer.padding)
        for (axis, length), width, stride, rate in zip(space, widths, strides, rates, strict=True)
    }
    if isinstance(layer, DEPTHWISE):
        channels = channels_of(layer, inputs[0])
        found[0 if layer.data_format == "channels_first" else len(space)] = f"{channels}*{layer.depth_multiplier}"
    return found


def _positions(length: int, width: int, stride: int, rate: int, padding: str) -> str:
    """How many positions a window has: `(28 - 5 + 2*2)/1 + 1`, `ceil(28/2)`, `floor((28 - 3)/2) + 1`."""
    span = (width - 1) * rate + 1
    window = str(width) if rate == 1 else f"(({width} - 1)*{rate} + 1)"
    if padding == "valid":
        rest = f"({length} - {window})/{stride}"
        return f"{rest} + 1" if (length - span) % stride == 0 else f"floor({rest}) + 1"
    if stride > 1:
        return f"ceil({length}/{stride})"
    added, before = span - 1, (span - 1) // 2
    if added == 0:
        return f"({length} - {window})/1 + 1"
    if padding == "same" and added % 2 == 0:
        return f"({length} - {window} + 2*{before})/1 + 1"
    zeros = f"{before} + {added - before}" if padding == "same" and before else str(added)
    return f"({length} - {window} + {zeros})/1 + 1"


def _window_notes(layer: Any, came_in: Shape) -> Iterable[str]:
    names = [name for name in kind_of(came_in[1:]).AXES if name != "channels"]
    space = [length for _, length in _space(layer, came_in)]
    widths, strides, rates = _sides(layer, len(space))
    if len(names) != len(space):
        return
    left_over: dict[int, list[str]] = {}
    for name, length, width, stride, rate in zip(names, space, widths, strides, rates, strict=True):
        rest = (length - (width - 1) * rate - 1) % stride
        if layer.padding == "valid" and rest:
            left_over.setdefault(rest, []).append(name)
    for rest, axes in left_over.items():
        last = "position is" if rest == 1 else f"{rest} positions are"
        yield f"The division is rounded down: the last {last} not used ({' and '.join(axes)})."
    stride = max(strides, default=1)
    if layer.padding == "same" and stride > 1:
        yield f"Padding same gives ceil(n/s) positions: the length divided by the stride of {stride}, rounded up."
    elif layer.padding == "same" and max(widths, default=1) > 1:
        yield "Padding same adds a border, so that the output is as large as the input."
    elif layer.padding == "causal":
        yield "Padding causal adds zeros in front alone: no output looks at a later position."
    if any(width > 1 and rate > 1 for width, rate in zip(widths, rates, strict=True)):
        width, rate = max(zip(widths, rates, strict=True), key=lambda side: (side[0] - 1) * (side[1] - 1))
        yield f"Dilation {rate} leaves gaps: {width} numbers span ({width} - 1)*{rate} + 1 = {(width - 1) * rate + 1}."


def _enlarged(layer: Any, inputs: Sequence[Shape], _: Shape) -> dict[int, str]:
    """A transposed convolution."""
    space = _space(layer, inputs[0])
    widths, strides, rates = _sides(layer, len(space))
    more = _each(layer.output_padding, len(space)) if layer.output_padding is not None else (None,) * len(space)
    found = {}
    for (axis, length), width, stride, rate, added in zip(space, widths, strides, rates, more, strict=True):
        span = (width - 1) * rate + 1
        window = str(width) if rate == 1 else f"(({width} - 1)*{rate} + 1)"
        if added is not None:
            cut = f" - 2*{span // 2}" if layer.padding == "same" else ""
            found[axis] = f"({length} - 1)*{stride} + {window}{cut} + {added}"
        elif layer.padding == "same" or span <= stride:
            found[axis] = f"{length}*{stride}"
        else:
            found[axis] = f"({length} - 1)*{stride} + {window}"
    return found


def _padded(layer: Any, inputs: Sequence[Shape], _: Shape, sign: str = "+") -> dict[int, str]:
    by = getattr(layer, "padding" if sign == "+" else "cropping")
    pairs = [by] if isinstance(by[0], int) else by
    space = _space(layer, inputs[0])
    return {axis: f"{length} {sign} {a} {sign} {b}" for (axis, length), (a, b) in zip(space, pairs, strict=True)}


def _cropped(layer: Any, inputs: Sequence[Shape], output: Shape) -> dict[int, str]:
    return _padded(layer, inputs, output, "-")


def _repeated(layer: Any, inputs: Sequence[Shape], _: Shape) -> dict[int, str]:
    space = _space(layer, inputs[0])
    return {axis: f"{length}*{size}" for (axis, length), size in zip(space, _each(layer.size, len(space)), strict=True)}


def _flattened(_: Any, inputs: Sequence[Shape], __: Shape) -> dict[int, str]:
    return {0: product(inputs[0][1:])} if len(inputs[0]) > 2 else {}


def _joined(layer: Any, inputs: Sequence[Shape], output: Shape) -> dict[int, str]:
    axis = getattr(layer, "axis", -1)
    index = axis if axis >= 0 else len(output) + 1 + axis
    lengths = [shape[index] for shape in inputs]
    return {index - 1: " + ".join(map(str, lengths))} if None not in lengths and len(lengths) > 1 else {}


_OUTPUTS: tuple[tuple[Any, Callable[[Any, Sequence[Shape], Shape], dict[int, str]]], ...] = (
    (TRANSPOSED, _enlarged),
    (_WINDOWS, _windowed),
    (_PADDING, _padded),
    (_CROPPING, _cropped),
    (_UPSAMPLING, _repeated),
    (layers.Flatten, _flattened),
)


# ---- receptive field ---------------------------------------------------------------------------------------------------


def _fields(
    layer: Any, found: LayerSummary, inputs: Sequence[Shape], fields: Sequence[Field | None]
) -> tuple[Formula, ...]:
    """How far the field grows, and how far the fields of two neighbours are apart where that changes."""
    field = found.field
    if field is None or not inputs:
        return ()
    if field.whole:
        return field_alone(field)
    known = [came for came in fields if came is not None and not came.whole]
    names = [name for name in kind_of((*field.pixels, 1)).AXES if name != "channels"]
    if not known or len(names) != len(field.size):
        return field_alone(field)
    made = []
    for axis, name in enumerate(names):
        size, stride = _grown(layer, known, axis)
        pixels, step = field.pixels[axis], field.stride[axis]
        rounded = f"ceil({size})" if _gives(size, field.size[axis]) and field.size[axis].denominator > 1 else size
        made.append(Formula(FIELD, (name,), rounded if _gives(rounded, pixels) else "", pixels))
        if step != known[0].stride[axis]:
            is_new = _gives(stride, step) and stride != str(step)  # not `1/2 = 1/2`
            made.append(Formula(FIELD_STRIDE, (name,), stride if is_new else "", _number(step)))
    merged = sorted(_merged(made), key=lambda formula: formula.quantity != FIELD)
    # An axis is named only where the others differ from it.
    return tuple(replace(formula, axes=() if len(formula.axes) == len(names) else formula.axes) for formula in merged)


def _grown(layer: Any, fields: Sequence[Field], axis: int) -> tuple[str, str]:
    """The expressions of a field's size and stride along an axis; empty where they stay as they are."""
    size, step = _fraction(fields[0].size[axis]), _fraction(fields[0].stride[axis])
    count = len(fields[0].size)
    if isinstance(layer, _WINDOWS):
        width, stride, rate = (sides[axis] for sides in _sides(layer, count))
        dilated = "" if rate == 1 else f"*{rate}"
        return f"{size} + ({width} - 1){dilated}*{step}", f"{step}*{stride}" if stride > 1 else ""
    if isinstance(layer, TRANSPOSED):
        width, stride, rate = (sides[axis] for sides in _sides(layer, count))
        dilated = "" if rate == 1 else f"*{rate}"
        return f"{size} + (ceil({width}/{stride}) - 1){dilated}*{step}", f"{step}/{stride}" if stride > 1 else ""
    if isinstance(layer, _UPSAMPLING):
        factor = _each(layer.size, count)[axis]
        taps = _TAPS.get(getattr(layer, "interpolation", "nearest"), 1)
        return (f"{size} + ({taps} - 1)*{step}" if taps > 1 else "", f"{step}/{factor}" if factor > 1 else "")
    sizes = [_fraction(field.size[axis]) for field in fields if len(field.size) == count]
    return (f"max({', '.join(sizes)})" if len(set(sizes)) > 1 else "", "")


def _fraction(value: Fraction) -> str:
    """`3`, or of a fraction `(1/2)`."""
    return str(value) if value.denominator == 1 else f"({value})"


def _number(value: Fraction) -> int | str:
    return int(value) if value.denominator == 1 else str(value)


# ---- shared ------------------------------------------------------------------------------------------------------------


def _sides(layer: Any, count: int) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    """Widths, strides and dilation rates of a window, by axis."""
    widths = getattr(layer, "kernel_size", None) or layer.pool_size
    return _each(widths, count), _each(layer.strides, count), _each(getattr(layer, "dilation_rate", 1), count)


def _each(value: int | Sequence[int], count: int) -> tuple[int, ...]:
    return (value,) * count if isinstance(value, int) else tuple(value)
