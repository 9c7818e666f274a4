"""Find which places of an example the positions of a layer's output stand for: maps, and tokens on the grid of patches."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np

from cnncli import keras_internals
from cnncli.inputs import TOKENS, InputKind, kind_of
from cnncli.network.flatten_submodels import Opened, opened
from cnncli.recipe.named_inputs import INPUT

_REORDER = ("Permute", "Transpose")


@dataclass(frozen=True)
class Places:
    """Where the positions of a layer's output lie.

    Attributes:
        grid: how many places along each axis of the example; of tokens without a known place their count alone.
        before, after: tokens at the beginning and at the end that stand for no place, such as a class token.
        are_tokens: the output is (tokens, channels), while maps of an example have more axes.
        is_known: whether the places are those of the example; else they are just numbered.
    """

    grid: tuple[int | None, ...]
    before: int = 0
    after: int = 0
    are_tokens: bool = False
    is_known: bool = True

    @property
    def has_others(self) -> bool:
        """Whether some tokens stand for no place."""
        return bool(self.before or self.after)

    def on_grid(self, maps: Any) -> Any:
        """Lay out what a layer gives, (count, *its output shape), as (count, *grid, channels), without other tokens.

        Takes an array or a tensor and returns the same.
        """
        if not (self.are_tokens or self.has_others):
            return maps
        kept = maps[:, self.before : maps.shape[1] - self.after]
        reshape = np.reshape if isinstance(maps, np.ndarray) else keras.ops.reshape
        return reshape(kept, (-1, *self.grid, maps.shape[-1])) if self.is_known else kept

    def __str__(self) -> str:
        """`tokens on a grid of 8 × 8, without the first one`; empty for maps."""
        if not self.is_known:
            return "tokens without a known place, position across"
        others = [f"the {end} {count if count > 1 else 'one'}" for end, count in
                  (("first", self.before), ("last", self.after)) if count]  # fmt: skip
        grid = [f"tokens on a grid of {' × '.join(map(str, self.grid))}"] if self.are_tokens else []
        return ", ".join([*grid, *([f"without {' and '.join(others)}"] if others else [])])


def input_kind(network: Opened, layer: str = "") -> InputKind:
    """The kind of a network's input: sequences of tokens where an Embedding takes it, else what its shape says.

    Args:
        layer: of several inputs one is meant that leads to this layer; left out: the one that pictures are about.
    """
    seen = network.seen_by(layer) if layer else frozenset([network.about])
    about = network.about if network.about in seen else min(seen, default=network.about)
    taken = tuple(next((one for one in network.model.inputs if one.name == about), network.input).shape)
    for name, layer_of in network.layers.items():
        if network.seen_by(name) != {about} or not isinstance(layer_of, keras.layers.Embedding):
            continue
        if tuple(network.tensors[name].shape)[:-1] == taken:
            return TOKENS if len(taken) == 1 + len(TOKENS.AXES) else kind_of(taken[1:])
    return kind_of(taken[1:])


def input_kinds(model: keras.Model) -> dict[str, InputKind]:
    """The kind of each input of a model, by the names that examples have for them."""
    network = opened(model)
    kinds = {tensor.name: input_kind(replace(network, about=tensor.name)) for tensor in network.model.inputs}
    return kinds if len(kinds) > 1 else dict.fromkeys([INPUT], *kinds.values())


def places_of(network: Opened, name: str) -> Places | None:
    """Find the places of a layer's output; None where it has none, as units.

    Tokens are traced back through the network, through what keeps their number and order and through concatenations and
    croppings along them, to the Reshape that made them from maps.
    """
    tensor = network.tensors[name]
    shape = tuple(getattr(tensor, "shape", ()))
    axes = 1 + len(input_kind(network, name).map_axes)
    if len(shape) == axes == 3:
        return _traced(tensor, axes) or Places(shape[1:-1])
    if len(shape) == axes:
        return Places(shape[1:-1])
    if len(shape) != 3 or axes < 3:
        return None
    return _traced(tensor, axes) or Places(shape[1:-1], are_tokens=True, is_known=False)


def _traced(tensor: Any, axes: int) -> Places | None:
    """The places of tokens (batch, tokens, channels).

    Args:
        axes: of the maps of an example, with the batch; where they are 3, maps are tokens themselves.
    """
    waiting = [(tensor, 0, 0)]
    seen: set[int] = set()
    while waiting:
        tensor, before, after = waiting.pop()
        if id(tensor) in seen:
            continue
        seen.add(id(tensor))
        origin = keras_internals.origin_of(tensor)
        came_in = [] if _begins(origin.operation) else keras_internals.inputs_of_call(origin)
        earlier = _earlier(origin.operation, came_in, tensor, before, after)
        if not earlier and min(before, after) >= 0:
            grid = tuple(tensor.shape[1:-1]) if axes == 3 else _grid(origin.operation, came_in, tensor, axes)
            if grid:
                return Places(grid, before, after, are_tokens=axes > 3)
        waiting += earlier
    return None


def _begins(operation: Any) -> bool:
    return isinstance(operation, (keras.layers.InputLayer, keras.Model))


def _grid(operation: Any, came_in: list[Any], tensor: Any, axes: int) -> tuple[int, ...] | None:
    """The sides of the maps that a Reshape made these tokens from."""
    if type(operation).__name__ != "Reshape" or len(came_in[0].shape) != axes:
        return None
    _, *sides, channels = came_in[0].shape
    are_known = None not in (*sides, *tensor.shape[1:])
    is_flat = are_known and (math.prod(sides), channels) == tuple(tensor.shape[1:])
    return tuple(sides) if is_flat else None


def _earlier(operation: Any, came_in: list[Any], tensor: Any, before: int, after: int) -> list[tuple[Any, int, int]]:
    """The tensors that a tensor's tokens are from, each with its tokens before and after; the likeliest last."""
    sequences = [each for each in came_in if len(each.shape) == 3 and each.shape[1] is not None]
    kind = type(operation).__name__
    if kind == "Concatenate" and operation.axis in (1, -2) and len(sequences) == len(came_in):
        lengths = [each.shape[1] for each in sequences]
        parts = [
            (each, before + sum(lengths[:place]), after + sum(lengths[place + 1 :]))
            for place, each in enumerate(sequences)
        ]
        return sorted(parts, key=lambda part: int(part[0].shape[1]))
    if isinstance(operation, keras.layers.Cropping1D):
        first, last = operation.cropping
        return [(each, before - first, after - last) for each in sequences]
    if any(kind.startswith(word) for word in _REORDER):
        return []
    return [(each, before, after) for each in reversed(sequences) if each.shape[1] == tensor.shape[1]]
