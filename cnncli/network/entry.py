"""The values that enter the first layers with weights, after preprocessing."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from cnncli import keras_internals
from cnncli.data.dataset import Examples
from cnncli.data.input_values import InputValues, count
from cnncli.errors import Problem
from cnncli.inputs import kind_of
from cnncli.network.model_inputs import part_of

NOT_LEARNED = "leave the example out: the network has learned nothing about these numbers"
_MOST_VALUES = 1 << 23  # raw numbers looked at in one go


@dataclass(frozen=True, slots=True)
class EntryTensor:
    """What enters one of the first layers with weights, in one of its calls.

    Attributes:
        layer: of Keras.
        tensor: as Keras' symbol for it.
        inputs: the names of the inputs that it is made of.
    """

    layer: Any
    tensor: Any
    inputs: frozenset[str]

    @property
    def is_embedded(self) -> bool:
        return isinstance(self.layer, keras.layers.Embedding)


def entry_tensors(model: keras.Model) -> list[EntryTensor]:
    """Find the layers with weights that take the input itself, or what layers without weights make of it.

    Works for a network that was built symbolically: what stands before such a layer holds no weights.

    Args:
        model: raw examples -> outputs.

    Returns:
        One for each call of such a layer, in the order of the network.
    """
    known = {id(tensor): frozenset([tensor.name]) for tensor in model.inputs}
    found = []
    functional = model if hasattr(model, "operations") else keras.Model(model.inputs, model.outputs)  # a Sequential
    for operation, taken, given in keras_internals.calls_of(functional):
        if not taken or any(id(tensor) not in known for tensor in taken):
            continue
        inputs = frozenset().union(*(known[id(tensor)] for tensor in taken))
        if getattr(operation, "weights", None):
            found += [EntryTensor(operation, tensor, known[id(tensor)]) for tensor in taken]
            continue
        known.update((id(tensor), inputs) for tensor in given)
    return found


def entering_values(model: keras.Model, tensors: Sequence[Any], batch: InputValues) -> list[NDArray[Any]]:
    """Compute what enters layers for a batch of raw examples.

    Args:
        model: raw examples -> outputs.
        tensors: of `entry_tensors`.
        batch: (examples, *input shape), uint8 or float32; of several inputs by name.

    Returns:
        For each tensor float32 (examples, *shape).
    """
    if not tensors:
        return []
    values = part_of(model, {str(number): tensor for number, tensor in enumerate(tensors)})(batch, training=False)
    wanted = (values[str(number)] for number in range(len(tensors)))
    return [np.asarray(keras.ops.convert_to_numpy(keras.ops.cast(value, "float32"))) for value in wanted]


def outside_embeddings(model: keras.Model, *parts: Examples) -> list[tuple[str, Problem]]:
    """Find the Embeddings at the beginning of a network that have no row for some number of the examples.

    Args:
        model: raw examples -> outputs; may be built symbolically.
        parts: all of whose examples are looked at.

    Returns:
        A layer's name and its problem, without a place.
    """
    found = []
    for entry in _embeddings(model):
        each = [_Entering.of(model, entry, batch) for part in parts for batch in _batches(part)]
        together = _Entering(*(np.concatenate(columns) for columns in zip(*map(astuple, each), strict=True)))
        if problem := together.problem(entry.layer, np.arange(len(together.lows))):
            found.append((entry.layer.name, problem))
    return found


def outside_rows(model: keras.Model, batch: InputValues) -> dict[int, Problem]:
    """Find the examples of a batch for which an Embedding at the beginning of a network has no row.

    Args:
        model: raw examples -> outputs; may be built symbolically.
        batch: (examples, *input shape); of several inputs by name.

    Returns:
        An example's index and its problem, without a place; by ascending index.
    """
    found: dict[int, Problem] = {}
    for entry in _embeddings(model):
        entering = _Entering.of(model, entry, batch)
        for row in range(count(batch)):
            if problem := entering.problem(entry.layer, np.array([row])):
                found.setdefault(row, problem)
    return dict(sorted(found.items()))


def first_outside(model: keras.Model, examples: Examples) -> tuple[int, Problem] | None:
    """The first example for which an Embedding has no row: its index and its problem; None where there is none."""
    begin = 0
    for batch in _batches(examples):
        for row, problem in outside_rows(model, batch).items():
            return begin + row, problem
        begin += count(batch)
    return None


def _embeddings(model: keras.Model) -> list[EntryTensor]:
    return [entry for entry in entry_tensors(model) if entry.is_embedded]


@dataclass(frozen=True, slots=True, eq=False)
class _Entering:
    """What enters an Embedding for each example: (examples,) the smallest and largest number, and whether all are whole."""

    lows: NDArray[np.float32]
    highs: NDArray[np.float32]
    are_whole: NDArray[np.bool_]

    @classmethod
    def of(cls, model: keras.Model, entry: EntryTensor, batch: InputValues) -> _Entering:
        values = entering_values(model, [entry.tensor], batch)[0].reshape(count(batch), -1)
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


def _batches(examples: Examples) -> Iterator[InputValues]:
    shapes = [column.shape[1:] for column in examples.inputs.values()]
    numbers = sum(kind_of(shape).size_of(shape) for shape in shapes)
    rows = max(1, _MOST_VALUES // max(1, numbers))
    for begin in range(0, len(examples), rows):
        yield examples.read(np.arange(begin, min(begin + rows, len(examples))))
