"""The calls of layers and functions that lead to the outputs of a Keras model, through the models within it."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np

from cnncli import keras_internals
from cnncli.conversion.call_arguments import takes_training, tensors_of_call, unwritten_arguments
from cnncli.conversion.layer_items import plain_config
from cnncli.recipe.keras_objects import catalogue


@dataclass(frozen=True)
class Call:
    """A call of a layer or function.

    Attributes:
        operation: what is called.
        name: of what it gives.
        inputs: the names of what it takes.
        outputs: the symbolic tensors that it gives.
        number: which call of the operation it is.
        shares: the name of the first call of the same layer; empty where this is the first.
        is_training: a model around it is called with `training=True`.
    """

    operation: Any
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[Any, ...]
    number: int = 0
    shares: str = ""
    is_training: bool = False

    @property
    def is_layer(self) -> bool:
        """It is no function of keras.ops."""
        return isinstance(self.operation, keras.layers.Layer)

    @property
    def refused(self) -> str:
        """Why a recipe cannot have it as a layer; empty where it can."""
        entry = catalogue.find("layers", type(self.operation).__name__)
        if entry is None or getattr(keras.layers, entry.canonical, None) is not type(self.operation):
            return "it is not one of Keras' own layers"
        if isinstance(self.operation, keras.layers.Normalization) and self.operation.input_mean is None:
            return "its mean and variance were computed by `adapt`"
        return entry.refused

    @property
    def unwritten(self) -> list[str]:
        """What the call says that a recipe cannot say, as `training=True`."""
        found = unwritten_arguments(keras_internals.Origin(self.operation, self.number))
        return ["training=True"] if self.is_training and not found and takes_training(self.operation) else found

    def signature(self) -> str:
        """What the call computes, without names: equal for calls that differ in weights and inputs alone."""
        arguments: Any = None
        if not self.is_layer:
            arguments = keras_internals.arguments_of_call(keras_internals.Origin(self.operation, self.number))
        config = plain_config(self.operation.get_config())
        return json.dumps([type(self.operation).__name__, config, arguments], default=_plain, sort_keys=True)


def calls_to(outputs: list[Any], inputs: dict[str, Any]) -> tuple[list[Call], list[str]]:
    """The calls that lead to some tensors.

    Args:
        outputs: of a model, as Keras' symbols.
        inputs: of a model, by name.

    Returns:
        The calls, each after those that it takes, and the names of what gives the outputs.
    """
    followed = _Followed()
    names = followed.follow(outputs, {id(tensor): name for name, tensor in inputs.items()})
    return list(followed.calls.values()), names


def policy_of(calls: Iterable[Call]) -> str:
    """The dtype policy that most layers with weights have."""
    policies = Counter(call.operation.dtype_policy.name for call in calls if call.is_layer and call.operation.variables)
    found = policies.most_common(1)[0][0] if policies else "float32"
    return found if found in ("float32", "mixed_bfloat16", "mixed_float16") else "float32"


@dataclass
class _Followed:
    """What is known of the calls so far.

    Attributes:
        calls: by name.
        first: the first call of each operation, by its identity.
    """

    calls: dict[str, Call] = field(default_factory=dict)
    first: dict[int, Call] = field(default_factory=dict)

    def follow(
        self, outputs: list[Any], names: dict[int, str], prefix: str = "", *, is_training: bool = False
    ) -> list[str]:
        """Add the calls that lead to some tensors; a model within the model is followed, too.

        Args:
            outputs: of a model.
            names: its inputs, by identity -> the names of what gives them.
            prefix: of names that layers outside of the model have, too.
            is_training: the model is called with `training=True`.

        Returns:
            The names of what gives the outputs.
        """
        for origin in _order(outputs):
            operation = origin.operation
            if isinstance(operation, keras.layers.InputLayer):
                continue
            taken = tuple(names[id(tensor)] for tensor in tensors_of_call(origin))
            given = keras_internals.outputs_of_call(origin)
            if isinstance(operation, keras.Model):
                inside = {id(tensor): name for tensor, name in zip(operation.inputs, taken, strict=True)}
                is_called_so = keras_internals.arguments_of_call(origin)[1].get("training") is True
                within = self.follow(
                    operation.outputs, inside, f"{operation.name}_", is_training=is_training or is_called_so
                )
                names |= {id(tensor): name for tensor, name in zip(given, within, strict=True)}
                continue
            first = self.first.get(id(operation))
            name = self._free_name(f"{first.name}_call") if first else str(operation.name)
            if name in self.calls:  # a layer of another model has this name
                name = f"{prefix}{name}" if prefix else self._free_name(f"{name}_")
                name = name if name not in self.calls else self._free_name(f"{name}_")
            shares = first.name if first else ""
            call = Call(operation, name, taken, tuple(given), origin.call, shares, is_training)
            self.calls[name] = call
            self.first.setdefault(id(operation), call)
            names |= {id(tensor): name for tensor in given}
        return [names[id(tensor)] for tensor in outputs]

    def _free_name(self, start: str) -> str:
        return next(found for number in itertools.count(2) if (found := f"{start}{number}") not in self.calls)


def _order(outputs: list[Any]) -> list[keras_internals.Origin]:
    """The calls that lead to some tensors: before each those that it takes, its first input's last."""
    found: dict[tuple[int, int], keras_internals.Origin] = {}
    waiting: list[tuple[keras_internals.Origin, bool]] = [
        (keras_internals.origin_of(tensor), False) for tensor in reversed(outputs)
    ]
    while waiting:
        origin, is_done = waiting.pop()
        key = (id(origin.operation), origin.call)
        if key in found:
            continue
        if is_done:
            found[key] = origin
            continue
        waiting.append((origin, True))
        tensors = tensors_of_call(origin)
        waiting += [(keras_internals.origin_of(tensor), False) for tensor in reversed(tensors)]
    return list(found.values())


def _plain(value: Any) -> Any:
    """An argument of a function: arrays as lists, tensors of the network without their names."""
    if isinstance(value, keras.KerasTensor):
        return "tensor"
    if isinstance(value, slice) or value is Ellipsis:
        return str(value)
    return np.asarray(value).tolist()
