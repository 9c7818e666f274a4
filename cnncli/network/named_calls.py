"""The calls of a network's layers, each with a name of its own, also where a layer is called several times."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, NamedTuple

import keras

from cnncli import keras_internals
from cnncli.keras_internals import Call


class NamedCall(NamedTuple):
    """A call of a layer or an operation.

    Attributes:
        name: of a layer that is called once its own; of its further calls that in the recipe, or the layer's and a number.
        call: what it took and gave.
        shares: the layer whose weights these are; empty where they are its own.
    """

    name: str
    call: Call
    shares: str = ""


def named_calls(model: keras.Model, tensors: Mapping[str, Any] | None = None) -> list[NamedCall]:
    """Name every call in a functional model, each after those that it takes.

    Args:
        tensors: name of a layer in the recipe -> what leaves it; names the calls of a layer that is called several times.
    """
    calls = keras_internals.calls_of(model)
    named = {id(tensor): name for name, tensor in reversed(list((tensors or {}).items()))}  # the first name of each
    counts = Counter(id(call.operation) for call in calls)
    taken = {layer.name for layer in model.layers}
    found = []
    for call in calls:
        own = name = call.operation.name
        if counts[id(call.operation)] > 1:
            number = 1 + sum(_number(other) < _number(call) for other in calls if other.operation is call.operation)
            by_number = own if number == 1 else f"{own}_call_{number}"
            name = named.get(id(call.outputs[0]), "" if tensors else by_number) or by_number
            while name != own and name in taken:
                name += "_"
        taken.add(name)
        found.append(NamedCall(name, call, own if name != own else ""))
    return found


def _number(call: Call) -> int:
    """Which call of its operation it is, in the order in which they were made."""
    return keras_internals.origin_of(call.outputs[0]).call


def sources_of(calls: list[NamedCall]) -> dict[int, frozenset[str]]:
    """By identity of a tensor the names of the network's inputs that it is made of."""
    sources: dict[int, frozenset[str]] = {}
    for _, call, _ in calls:
        # By the tensor, as `Model.inputs` has them: an input without a name of its own has another one than its layer.
        own = frozenset(tensor.name for tensor in call.outputs if not call.inputs)
        found = own.union(*(sources[id(tensor)] for tensor in call.inputs))
        sources.update((id(tensor), found) for tensor in call.outputs)
    return sources
