"""The graph of a Keras model as a list of layers, each with the layers that it takes."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import keras

from cnncli import keras_internals
from cnncli.conversion.refused_layers import OPERATION_HINT
from cnncli.errors import ModelFileError, Problem
from cnncli.messages import shortened
from cnncli.network.connect import shape_text
from cnncli.network.flatten_submodels import layers_of
from cnncli.recipe.check_names import REFUSED
from cnncli.recipe.keras_objects import catalogue
from cnncli.recipe.language.flat_layers import INPUT
from cnncli.recipe.layers import snake_case


@dataclass(frozen=True)
class Layer:
    """A call of a layer.

    Attributes:
        name: of the layer; of a further call one that nothing else has.
        layer: Keras' layer.
        inputs: the names of what it takes.
        shares: of a further call, the name of the first one; else empty.
    """

    name: str
    layer: Any
    inputs: tuple[str, ...]
    shares: str = ""


@dataclass(frozen=True)
class Graph:
    """The layers of a model in an order in which each comes after those that it takes.

    Attributes:
        input_shapes: of one example, by the names of the inputs; the only one is `input`.
        layers: without inputs and without models within the model.
        outputs: the names of the layers whose outputs are the model's.
    """

    input_shapes: dict[str, tuple[int, ...]]
    layers: tuple[Layer, ...]
    outputs: tuple[str, ...]

    def users(self, name: str) -> int:
        """How often something is taken."""
        return sum(name in layer.inputs for layer in self.layers)


def read_graph(model: keras.Model, *, shown: str) -> Graph:
    """Read the graph of a model; models within it are taken apart.

    Args:
        model: Functional or Sequential, built; its weights may have no values.
        shown: the file's name in messages.

    Raises:
        ModelFileError: it holds what a recipe cannot; all of it is named.
    """
    every = layers_of(model)
    names = [layer.name for layer in {id(each): each for each in every}.values() if not _is_input(layer)]
    problems = [
        Problem(f"two layers of {shown} are named `{name}`", "rename one of them and save the model again")
        for name in sorted({name for name in names if names.count(name) > 1})
    ]
    problems += [_misnamed(name, shown) for name in dict.fromkeys(names) if REFUSED.search(name) or name == INPUT]
    problems += [_refused(layer) for layer in every if _why_not(layer)]
    inputs = {INPUT: model.inputs[0]} if len(model.inputs) == 1 else {tensor.name: tensor for tensor in model.inputs}
    shapes = {name: tuple(tensor.shape[1:]) for name, tensor in inputs.items()}
    texts = [name for name, tensor in inputs.items() if tensor.dtype == "string" and not tensor.shape[1:]]
    for name, shape in shapes.items():
        if name not in texts and (not shape or any(size is None for size in shape)):
            what = "the input" if name == INPUT else f"the input `{name}`"
            message = f"{what} of {shown} is {shape_text(shape)}, and a recipe needs fixed sizes"
            problems.append(Problem(message, "build the model with a fixed input shape and save it again"))
    calls: list[_Call] = []
    outputs = _follow(model.outputs, {id(tensor): name for name, tensor in inputs.items()}, calls)
    problems += [*_operations(calls), *_several(calls)]
    if problems:
        raise ModelFileError(problems)
    layers = tuple(Layer(call.name, call.operation, call.inputs, call.shares) for call in calls)
    return Graph(shapes, layers, tuple(dict.fromkeys(_in_order(model, outputs))))  # type: ignore[arg-type]


@dataclass(frozen=True)
class _Call:
    """A call of a layer or function.

    Attributes:
        operation: what is called.
        name: of what it gives.
        inputs: the names of what it takes.
        output_count: how many tensors it gives.
        shares: the name of the first call of the same layer; empty where this is the first.
    """

    operation: Any
    name: str
    inputs: tuple[str, ...]
    output_count: int
    shares: str


def _is_input(layer: Any) -> bool:
    return isinstance(layer, keras.layers.InputLayer)


def _follow(outputs: list[Any], names: dict[int, str], calls: list[_Call]) -> list[str]:
    """Add the calls that lead to some tensors; a model within the model is followed, too.

    Args:
        outputs: of a model.
        names: its inputs, by identity -> the names of what gives them.
        calls: what is known so far; it grows.

    Returns:
        The names of what gives the outputs.
    """
    for origin in _order(outputs):
        operation = origin.operation
        if isinstance(operation, keras.layers.InputLayer):
            continue
        taken = tuple(names[id(tensor)] for tensor in keras_internals.inputs_of_call(origin))
        given = keras_internals.outputs_of_call(origin)
        if isinstance(operation, keras.Model):
            inside = {id(tensor): name for tensor, name in zip(operation.inputs, taken, strict=True)}
            names |= {
                id(tensor): name for tensor, name in zip(given, _follow(operation.outputs, inside, calls), strict=True)
            }
            continue
        first = next((call for call in calls if call.operation is operation), None)
        name = _free_name(operation.name, calls) if first else str(operation.name)
        calls.append(_Call(operation, name, taken, len(given), first.name if first else ""))
        names |= {id(tensor): name for tensor in given}
    return [names[id(tensor)] for tensor in outputs]


def _free_name(name: str, calls: list[_Call]) -> str:
    """A name for a further call of a layer."""
    known = {call.name for call in calls}
    return next(found for number in itertools.count(2) if (found := f"{name}_call{number}") not in known)


def _in_order(model: keras.Model, outputs: list[str]) -> list[str]:
    """The outputs in the order in which they were given by name; Keras sorts the names."""
    given = None if isinstance(model, keras.Sequential) else model.output
    if not isinstance(given, dict):
        return outputs
    by_name = dict(zip(sorted(given), outputs, strict=True))
    return [by_name[name] for name in given]


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
        tensors = keras_internals.inputs_of_call(origin)
        waiting += [(keras_internals.origin_of(tensor), False) for tensor in reversed(tensors)]
    return list(found.values())


def _why_not(layer: Any) -> str:
    """Why a recipe cannot hold a layer; empty where it can."""
    if isinstance(layer, keras.layers.InputLayer):
        return ""
    entry = catalogue.find("layers", type(layer).__name__)
    if entry is None or getattr(keras.layers, entry.canonical, None) is not type(layer):
        return "it is not one of Keras' own layers"
    return entry.refused


def _misnamed(name: str, shown: str) -> Problem:
    if name == INPUT:
        message = f"a layer of {shown} is named `{INPUT}`, which a recipe keeps for its input"
        return Problem(message, "rename it and save the model again")
    hint = "a recipe's names have letters from a to z, digits, `_`, `-` and `.`: rename it and save the model again"
    return Problem(f"a recipe cannot hold the name of the layer `{shortened(name)}`", hint)


def _refused(layer: Any) -> Problem:
    return Problem(f"a recipe cannot hold the layer `{layer.name}` ({type(layer).__name__}): {_why_not(layer)}")


def _operations(calls: list[_Call]) -> list[Problem]:
    """The operations that are no layers."""
    found = [call.operation for call in calls if not isinstance(call.operation, keras.layers.Layer)]
    return [
        Problem(
            f"a recipe cannot hold `{each.name}`, the function keras.ops.{snake_case(type(each).__name__)}",
            OPERATION_HINT,
        )
        for each in found
    ]


def _several(calls: list[_Call]) -> list[Problem]:
    """The layers that give several tensors."""
    hint = "a layer of a recipe gives one tensor"
    return [
        Problem(f"the layer `{call.operation.name}` gives {call.output_count} tensors", hint)
        for call in calls
        if call.output_count > 1
    ]
