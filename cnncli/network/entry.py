"""The values that enter the first layers with weights, after preprocessing."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import astuple, dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from cnncli.data.columns import Values, as_column
from cnncli.errors import Problem

NOT_LEARNED = "leave the example out: the network has learned nothing about these numbers"
_MOST_VALUES = 1 << 23  # raw numbers looked at in one go


def entry_tensors(model: keras.Model) -> dict[str, Any]:
    """Find the layers with weights that take the input itself, or what layers without weights make of it.

    Works for a network that was built symbolically: what stands before such a layer holds no weights.

    Args:
        model: raw examples -> outputs.

    Returns:
        Name of each such layer, in the order of the network -> the KerasTensor that enters it.
    """
    known = {id(tensor) for tensor in model.inputs}
    found: dict[str, Any] = {}
    functional = model if hasattr(model, "operations") else keras.Model(model.inputs, model.outputs)  # a Sequential
    for operation in functional.operations:
        if isinstance(operation, keras.layers.InputLayer):
            continue
        taken = keras.tree.flatten(getattr(operation, "input", []))
        if not taken or any(id(tensor) not in known for tensor in taken):
            continue
        if getattr(operation, "weights", None):
            found[operation.name] = taken[0]
            continue
        known.update(id(tensor) for tensor in keras.tree.flatten(operation.output))
    return found


def entering_values(model: keras.Model, tensors: Mapping[str, Any], batch: NDArray[Any]) -> dict[str, NDArray[Any]]:
    """Compute what enters layers for a batch of raw examples.

    Args:
        model: raw examples -> outputs.
        tensors: as `entry_tensors` found them.
        batch: (examples, *input shape), uint8 or float32.

    Returns:
        Layer name -> float32 (examples, *shape).
    """
    if not tensors:
        return {}
    front = keras.Model(model.inputs, dict(tensors))
    values = front([batch], training=False)
    return {
        name: np.asarray(keras.ops.convert_to_numpy(keras.ops.cast(value, "float32"))) for name, value in values.items()
    }


def outside_embeddings(model: keras.Model, *inputs: Values) -> list[tuple[str, Problem]]:
    """Find the Embeddings at the beginning of a network that have no row for some number of the examples.

    Args:
        model: raw examples -> outputs; may be built symbolically.
        inputs: the raw examples, all of which are looked at.

    Returns:
        A layer's name and its problem, without a place.
    """
    found = []
    for name, tensor in _embedding_tensors(model).items():
        each = [_Entering.of(model, name, tensor, batch) for batch in _batches(inputs)]
        together = _Entering(*(np.concatenate(parts) for parts in zip(*map(astuple, each), strict=True)))
        rows = np.arange(len(together.lows))
        if problem := together.problem(model.get_layer(name), rows):
            found.append((name, problem))
    return found


def outside_rows(model: keras.Model, batch: NDArray[Any]) -> dict[int, Problem]:
    """Find the examples of a batch for which an Embedding at the beginning of a network has no row.

    Args:
        model: raw examples -> outputs; may be built symbolically.
        batch: (examples, *input shape).

    Returns:
        An example's index and its problem, without a place; by ascending index.
    """
    found: dict[int, Problem] = {}
    for name, tensor in _embedding_tensors(model).items():
        entering = _Entering.of(model, name, tensor, batch)
        for row in range(len(batch)):
            if problem := entering.problem(model.get_layer(name), np.array([row])):
                found.setdefault(row, problem)
    return dict(sorted(found.items()))


def first_outside(model: keras.Model, inputs: Values) -> tuple[int, Problem] | None:
    """The first example for which an Embedding has no row: its index and its problem; None where there is none."""
    begin = 0
    for batch in _batches([inputs]):
        for row, problem in outside_rows(model, batch).items():
            return begin + row, problem
        begin += len(batch)
    return None


def _embedding_tensors(model: keras.Model) -> dict[str, Any]:
    tensors = entry_tensors(model).items()
    return {name: tensor for name, tensor in tensors if isinstance(model.get_layer(name), keras.layers.Embedding)}


@dataclass(frozen=True, slots=True, eq=False)
class _Entering:
    """What enters an Embedding for each example: (examples,) the smallest and largest number, and whether all are whole."""

    lows: NDArray[np.float32]
    highs: NDArray[np.float32]
    are_whole: NDArray[np.bool_]

    @classmethod
    def of(cls, model: keras.Model, name: str, tensor: Any, batch: NDArray[Any]) -> _Entering:
        values = entering_values(model, {name: tensor}, batch)[name].reshape(len(batch), -1)
        return cls(values.min(axis=1), values.max(axis=1), (values == np.floor(values)).all(axis=1))

    def problem(self, layer: keras.layers.Embedding, rows: NDArray[np.int64]) -> Problem | None:
        """What is wrong with some of the examples, taken together."""
        low, high = float(self.lows[rows].min()), float(self.highs[rows].max())
        if low < 0 or high >= layer.input_dim:
            last = f"{layer.input_dim - 1:,}"
            message = f"numbers from {low:,.9g} to {high:,.9g} enter `{layer.name}`, which has rows for 0 to {last}"
            too_low = "an Embedding takes numbers from 0 on"
            return Problem(message, too_low if low < 0 else f"`input_dim: {math.floor(high) + 1}` fits the data")
        if not self.are_whole[rows].all():
            message = f"numbers with decimals enter `{layer.name}`, and an Embedding takes whole numbers"
            return Problem(message, "leave out the layers that scale them")
        return None


def _batches(inputs: Iterable[Values]) -> Iterator[NDArray[Any]]:
    for some in inputs:
        stored = as_column(some)
        rows = max(1, _MOST_VALUES // max(1, math.prod(stored.shape[1:])))
        for begin in range(0, len(stored), rows):
            yield stored.read(np.arange(begin, min(begin + rows, len(stored))))
