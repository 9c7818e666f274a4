"""Items of a recipe that become plain Keras layers once shapes are known: `shortcut`, `learned`, `slice`, `reduce_axis`.

A model with them opens in any Keras 3, without this package.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import keras

from cnncli.messages import described
from cnncli.network.instantiate import dtype_policy, make
from cnncli.recipe.keras_objects.objects import KerasObject
from cnncli.recipe.keras_objects.structure_entries import LEARNED, MERGES, REDUCE, SHORTCUT
from cnncli.recipe.layers import name_of

Shape = tuple[int | None, ...]

_MERGING = {name: getattr(keras.layers, name) for name in MERGES}


class StructureError(ValueError):
    """An item does not fit what comes in.

    Args:
        message: what is wrong.
        hint: what to do.
        argument: the argument that is wrong; empty: the item as a whole.
    """

    def __init__(self, message: str, hint: str = "", argument: str = "") -> None:
        super().__init__(message)
        self.hint = hint
        self.argument = argument


@dataclass(frozen=True)
class Built:
    """What an item became.

    Attributes:
        output: the tensor that leaves it.
        layers: its Keras layers in order; none where the item changes nothing.
    """

    output: Any
    layers: tuple[Any, ...] = ()


def build(item: KerasObject, tensor: Any, *, wanted: Shape, policy: str) -> Built:
    """Put an item after a tensor.

    Args:
        item: of kind `structure`.
        tensor: symbolic, (batch, …).
        wanted: for a shortcut, the shape that it is added to, with the batch.
        policy: Keras' dtype policy for the layers.

    Raises:
        StructureError: the item does not fit the tensor.
    """
    with dtype_policy(policy):
        if item.name == SHORTCUT:
            return _shortcut(name_of(item), tensor, wanted)
        if item.name == LEARNED:
            return _learned(item, tensor)
        return _reduce(item, tensor) if item.name == REDUCE else _slice(item, tensor)


def _applied(tensor: Any, *layers: Any) -> Built:
    """The layers, one after the other."""
    for layer in layers:
        tensor = layer(tensor)
    return Built(tensor, layers)


def _text(shape: Shape) -> str:
    return "x".join("?" if size is None else str(size) for size in shape)


def _shortcut(name: str, tensor: Any, wanted: Shape) -> Built:
    """The tensor itself where it has the shape that it is added to, else a projection (He et al., 2015, option B)."""
    shape = tuple(tensor.shape)
    if shape == tuple(wanted):
        return Built(tensor)
    if len(shape) != len(wanted) or not 3 <= len(wanted) <= 5:
        message = f"`auto` cannot bring {_text(shape[1:])} to {_text(wanted[1:])}"
        raise StructureError(message, "give the shortcut as a list of layers")
    space = zip(shape[1:-1], wanted[1:-1], strict=True)
    strides = [max(1, round(came / goes)) if came and goes else 1 for came, goes in space]
    convolution = {1: keras.layers.Conv1D, 2: keras.layers.Conv2D, 3: keras.layers.Conv3D}[len(strides)]
    project = convolution(
        wanted[-1],
        1,
        strides=strides,
        padding="same",
        use_bias=False,
        kernel_initializer="he_normal",
        name=f"{name}_conv",
    )
    return _applied(tensor, project, keras.layers.BatchNormalization(name=f"{name}_bn"))


def _learned(item: KerasObject, tensor: Any) -> Built:
    """A constant that training changes, the same for every example, merged with what comes in, or alone.

    A dense layer without bias computes it from the number 1: its kernel is the constant. A constant for each channel that
    multiplies is a single layer.
    """
    name, merge, shape = name_of(item), item.args.get("merge", "Add"), _constant_shape(item)
    if merge is not None and (not isinstance(merge, str) or merge not in _MERGING):
        message = f"`merge` is one of {', '.join(_MERGING)}, or null, got {described(merge)}"
        raise StructureError(message, "", "merge")
    for argument in ("axis", "last"):
        if argument in item.args and merge != "Concatenate":
            raise StructureError(
                f"`{argument}` is for `merge: Concatenate`, not for {merge or 'null'}", "leave it out", argument
            )
    weights = {
        "kernel_initializer": _made(item.args.get("initializer")) or "zeros",
        "kernel_regularizer": _made(item.args.get("regularizer")),
        "trainable": item.args.get("trainable", True),
    }
    _check_merge(item, merge, shape, tuple(tensor.shape))
    if merge == "Multiply" and len(shape) == 1 and shape[0] == tensor.shape[-1]:
        return _applied(tensor, keras.layers.EinsumDense("...c,c->...c", tensor.shape[-1], name=name, **weights))
    axes = "cdefgh"[: len(shape)]
    one = _applied(
        tensor,
        keras.layers.Reshape((-1, 1), name=f"{name}_values", dtype="float32"),
        keras.layers.GlobalAveragePooling1D(name=f"{name}_mean", dtype="float32"),
        keras.layers.Rescaling(0.0, offset=1.0, name=f"{name}_one", dtype="float32"),
        keras.layers.EinsumDense(f"ab,{axes}->a{axes}", shape, name=constant_name(name) if merge else name, **weights),
    )
    if not merge:
        return one
    arguments = {"axis": item.args.get("axis", 1)} if merge == "Concatenate" else {}
    merged = _MERGING[merge](name=name, **arguments)
    is_first = merge == "Concatenate" and not item.args.get("last")
    both = [one.output, tensor] if is_first else [tensor, one.output]
    return Built(merged(both), (*one.layers, merged))


def constant_name(name: str) -> str:
    """The name of the layer that holds the weights of a `learned` of this name, where it is merged by another one."""
    return f"{name}_constant"


def _constant_shape(item: KerasObject) -> tuple[int, ...]:
    shape = item.args["shape"]
    return tuple(shape) if isinstance(shape, list) else (shape,)


def _made(value: Any) -> Any:
    return make(value) if isinstance(value, KerasObject) else value


def _check_merge(item: KerasObject, merge: str | None, shape: tuple[int, ...], tensor: Shape) -> None:
    """Whether a constant of a shape can be merged with a tensor; alone it fits any."""
    if not merge:
        return
    came = f"the input is {_text(tensor[1:])}"
    if merge != "Concatenate":
        own = tensor[1:][len(tensor) - 1 - len(shape) :]
        fits = len(shape) < len(tensor) and all(size in (1, axis) for size, axis in zip(shape, own, strict=True))
        if not fits:
            hint = f"{came}: write its last sizes; 1 stands for a value that all indices share"
            raise StructureError(f"a constant of {_text(shape)} does not fit", hint, "shape")
        return
    axis = _axis(item, len(tensor), 1)
    others = [size for number, size in enumerate(tensor[1:], start=1) if number != axis]
    if (
        len(shape) != len(tensor) - 1
        or [size for number, size in enumerate(shape, start=1) if number != axis] != others
    ):
        hint = f"{came}: all sizes must be equal except that of axis {axis}"
        raise StructureError(f"a constant of {_text(shape)} cannot be concatenated", hint, "shape")


def _axis(item: KerasObject, rank: int, default: int) -> int:
    """The axis of an item, counted from the batch, which is 0."""
    written = item.args.get("axis", default)
    axis = written + rank if written < 0 else written
    if not 1 <= axis < rank:
        hint = "0 is the batch" if rank > 1 else ""
        raise StructureError(
            f"expected an axis from 1 to {rank - 1}, or -1 for the last one, got {written}", hint, "axis"
        )
    return int(axis)


def _slice(item: KerasObject, tensor: Any) -> Built:
    """A part along one axis, cropped; for other axes than those of space the tensor is reshaped before and after."""
    name, shape = name_of(item), tuple(tensor.shape)
    axis, size = _fixed_axis(item, shape)
    ends = {key: item.args[key] for key in ("start", "stop") if item.args.get(key) is not None}
    if not ends:
        raise StructureError("slice needs `start` or `stop`", f"the input is {_text(shape[1:])}")
    for key, end in ends.items():
        if not -size <= end <= size:
            message = f"`{key}` is {end}, and axis {axis} has {size} values"
            raise StructureError(message, f"the input is {_text(shape[1:])}", key)
    start, stop, _ = slice(ends.get("start"), ends.get("stop")).indices(size)
    if start >= stop:
        raise StructureError(
            f"nothing is left of {size} from {start} to {stop}", f"{_text(shape[1:])} comes in", "start"
        )
    if (start, stop) == (0, size):
        return Built(tensor)
    crop = (start, size - stop)
    cropping = {3: keras.layers.Cropping1D, 4: keras.layers.Cropping2D, 5: keras.layers.Cropping3D}
    if axis < len(shape) - 1 and len(shape) in cropping:
        crops = [crop if number == axis else (0, 0) for number in range(1, len(shape) - 1)]
        return _applied(tensor, cropping[len(shape)](crops[0] if len(crops) == 1 else crops, name=name))
    before, after = shape[1:axis], shape[axis + 1 :]
    result = [-1 if other is None else other for other in (*before, stop - start, *after)]
    return _applied(
        tensor,
        keras.layers.Reshape((_product(before), size, _product(after)), name=f"{name}_columns"),
        keras.layers.Cropping2D(((0, 0), crop), name=f"{name}_crop"),
        keras.layers.Reshape(result, name=name),
    )


def _reduce(item: KerasObject, tensor: Any) -> Built:
    """The mean, maximum or sum along one axis: a pooling over the whole axis of the tensor as (batch, before, axis, after)."""
    name, shape, function = name_of(item), tuple(tensor.shape), str(item.args["function"]).lower()
    axis, size = _fixed_axis(item, shape)
    before, after = shape[1:axis], shape[axis + 1 :]
    kept = (1,) if item.args.get("keepdims") else ()
    pooling = keras.layers.MaxPooling2D if function == "max" else keras.layers.AveragePooling2D
    layers = [
        keras.layers.Reshape((_product(before), size, _product(after)), name=f"{name}_columns"),
        pooling((1, size), name=f"{name}_{function}"),
    ]
    if function == "sum":
        layers.append(keras.layers.Rescaling(size, name=f"{name}_size"))
    result = [-1 if other is None else other for other in (*before, *kept, *after)]
    return _applied(tensor, *layers, keras.layers.Reshape(result, name=name))


def _fixed_axis(item: KerasObject, shape: Shape) -> tuple[int, int]:
    """The axis of an item and its size, of a shape with the batch in which at most one other size is open."""
    axis = _axis(item, len(shape), -1)
    size = shape[axis]
    if size is None or sum(other is None for other in shape[1:]) > 1:
        raise StructureError(f"the input is {_text(shape[1:])}: this size is not fixed", "", "axis")
    return axis, size


def _product(sizes: Shape) -> int:
    return -1 if None in sizes else math.prod(size or 0 for size in sizes)
