"""The memory of a network's activations, counted before they are computed.

Keras names only what leaves a layer. What is computed within layers, in wrappers, and on the batch axis shows in the graph
that TensorFlow computes: the network is traced for examples of a known shape, and the sizes of all tensors are added up.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf

from cnncli import keras_internals
from cnncli.errors import ModelFileError, Problem, ResourceError
from cnncli.messages import counted, printable, shortened
from cnncli.network.keras_messages import first_sentence
from cnncli.system_memory import available_bytes

_BATCH_SIZE = 128
_HEADROOM = 2  # times what one example takes: TensorFlow computes several layers at a time, and needs scratch
_MOST_NAMED = 3
# They give what came in, under another shape or name, and take no memory of their own.
_VIEWS = {
    "Identity",
    "Reshape",
    "Squeeze",
    "ExpandDims",
    "StopGradient",
    "PreventGradient",
    "EnsureShape",
    "Placeholder",
}
_WEIGHTS = {"Placeholder", "ReadVariableOp", "VarHandleOp", "Const"}


@dataclass(frozen=True)
class Activations:
    """What the activations of some examples take.

    Attributes:
        examples: how many: 1, or the batch size that the network itself fixes.
        peak_bytes: at the moment at which the most of them are in memory.
        all_bytes: all of them together, as a gradient keeps them.
        largest: layers or operations with the bytes of their largest tensor, the largest first.
    """

    examples: int
    peak_bytes: int
    all_bytes: int
    largest: tuple[tuple[str, int], ...]

    def batch_size(self) -> int:
        """A batch size that fits into memory, at most 128."""
        return int(min(_BATCH_SIZE, max(1, available_bytes() // max(_HEADROOM * self.peak_bytes // self.examples, 1))))

    def check(self, *, shown: str, batch_size: int = 1, keeps_all: bool = False, hint: str = "") -> None:
        """Refuse what does not fit into memory.

        Args:
            shown: the model's name in messages.
            batch_size: how many examples are computed together; at least as many as the network itself fixes.
            keeps_all: every activation is kept, for a gradient or to be shown.
            hint: what to do when fewer examples would fit.

        Raises:
            ResourceError: with the largest layers.
        """
        one, free = self.all_bytes if keeps_all else self.peak_bytes, available_bytes()
        rounds = -(-batch_size // self.examples)
        needed, batch_size = one * rounds, self.examples * rounds
        if needed <= free:
            return
        message = f"{printable(shown)} needs {_size(needed)} of memory for {_examples(batch_size)}"
        largest = ", ".join(f"{shortened(name)} ({_size(size)})" for name, size in self.largest)
        fitting = free // one * self.examples
        advice = f"{hint or 'a smaller batch'}: {fitting:,} would fit" if fitting else "it is damaged, or made up"
        told = f"the largest layers, for {_examples(self.examples)}: {largest}\n{advice}"
        raise ResourceError(Problem(f"{message}, and {_size(free)} are free", told))


def _examples(count: int) -> str:
    return counted(count, "example")


def measure(
    model: keras.Model,
    input_shape: Sequence[int | None] | Mapping[str, Sequence[int | None]] | None = None,
    *,
    shown: str,
) -> Activations | None:
    """Count the activations of one example, or of the batch that the network itself fixes.

    Args:
        model: with its weights.
        input_shape: of one example, of several inputs by name; None for the shape that the model itself gives.
        shown: the model's name in messages.

    Returns:
        None where the shape is not known.

    Raises:
        ModelFileError: the network cannot be computed on examples of this shape.
    """
    if isinstance(input_shape, Mapping):
        shapes = [input_shape[tensor.name] for tensor in model.inputs]
    else:
        shapes = [input_shape] if input_shape is not None else [tensor.shape[1:] for tensor in model.inputs]
    if len(shapes) != len(model.inputs) or any(None in shape for shape in shapes):
        return None
    examples = max((tensor.shape[0] or 1 for tensor in model.inputs), default=1)
    specs = [
        tf.TensorSpec((examples, *shape), tensor.dtype) for shape, tensor in zip(shapes, model.inputs, strict=True)
    ]
    try:
        graph = _traced(model, specs)
    except Exception as error:  # about anything, of a network that anyone may have made
        message = f"{printable(shown)} cannot be computed: {shortened(first_sentence(error), 200)}"
        raise ModelFileError(
            message, hint=f"tried with {' and '.join(str(tuple(spec.shape)) for spec in specs)}"
        ) from error
    return _counted(graph, _layer_names(model), examples)


def _traced(model: keras.Model, specs: Sequence[tf.TensorSpec]) -> Any:
    @tf.function(autograph=False)  # type: ignore[untyped-decorator]
    def call(*inputs: Any) -> Any:
        names = [tensor.name for tensor in model.inputs]
        return model(inputs[0] if len(inputs) == 1 else dict(zip(names, inputs, strict=True)), training=False)

    return call.get_concrete_function(*specs).graph


def _counted(graph: Any, names: set[str], examples: int) -> Activations:
    """Go through the graph in its order; a tensor is in memory until the last operation that takes it."""
    operations = graph.get_operations()
    last_use = {id(tensor): place for place, operation in enumerate(operations) for tensor in operation.inputs}
    living: dict[int, list[int]] = {}  # place of the last use -> bytes
    now = peak = everything = 0
    largest: dict[str, int] = {}
    for place, operation in enumerate(operations):
        for tensor in _activations(operation):
            size = _bytes(tensor)
            now, everything = now + size, everything + size
            living.setdefault(last_use.get(id(tensor), len(operations)), []).append(size)
            name = _layer_of(operation, names)
            largest[name] = max(largest.get(name, 0), size)
        peak = max(peak, now)
        now -= sum(living.pop(place, ()))
    named = sorted(largest.items(), key=lambda item: -item[1])[:_MOST_NAMED]
    return Activations(examples, peak, everything, tuple(named))


def _activations(operation: Any) -> Iterator[Any]:
    if operation.type not in _VIEWS | _WEIGHTS:
        yield from operation.outputs


def _bytes(tensor: Any) -> int:
    shape = tensor.shape
    if shape.rank is None or tensor.dtype in (tf.resource, tf.variant):
        return 0
    size: int = math.prod(length or 1 for length in shape.as_list()) * (tensor.dtype.size or 1)
    return size


def _layer_of(operation: Any, names: set[str]) -> str:
    """The innermost layer whose name stands in that of an operation; `functional/resizing_1/resize/ResizeBilinear`."""
    for part in reversed(operation.name.split("/")):
        for name in (part, re.sub(r"_\d+$", "", part)):
            if name in names:
                return name
    return str(operation.type)


def _layer_names(model: keras.Model) -> set[str]:
    return {layer.name for layer in keras_internals.all_layers(model)}


def _size(size: int) -> str:
    return f"{size / 1e9:,.1f} GB" if size >= 1e8 else f"{size / 1e6:,.1f} MB"
