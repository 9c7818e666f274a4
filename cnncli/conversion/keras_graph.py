"""The graph of a Keras model as a list of layers, each with the layers that it takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras

from cnncli import keras_internals
from cnncli.conversion.refused_layers import OPERATION_HINT
from cnncli.errors import ModelFileError, Problem
from cnncli.network.build import shape_text
from cnncli.network.flatten_submodels import layers_of
from cnncli.recipe.keras_objects import catalogue
from cnncli.recipe.language.flat_layers import INPUT
from cnncli.recipe.layers import snake_case


@dataclass(frozen=True)
class Graph:
    """The layers of a model in an order in which each comes after those that it takes.

    Attributes:
        input_shape: of one example.
        layers: Keras' layers, without the input and without models within the model.
        inputs: a layer's name -> the names of those that it takes; `input` is the model's.
        outputs: the names of the layers whose outputs are the model's.
    """

    input_shape: tuple[int, ...]
    layers: tuple[Any, ...]
    inputs: dict[str, tuple[str, ...]]
    outputs: tuple[str, ...]


def read_graph(model: keras.Model, *, shown: str) -> Graph:
    """Read the graph of a model; models within it are taken apart.

    Args:
        model: Functional or Sequential, built; its weights may have no values.
        shown: the file's name in messages.

    Raises:
        ModelFileError: it holds what a recipe cannot; all of it is named.
    """
    if len(model.inputs) > 1:
        inputs_named = ", ".join(f"`{tensor.name}`" for tensor in model.inputs)
        message = f"{shown} has {len(model.inputs)} inputs, {inputs_named}"
        raise ModelFileError(message, hint="from-keras writes networks with one input")
    every = layers_of(model)
    names = [layer.name for layer in every if not isinstance(layer, keras.layers.InputLayer)]
    problems = [
        Problem(f"two layers of {shown} are named `{name}`", "rename one of them and save the model again")
        for name in sorted({name for name in names if names.count(name) > 1})
    ]
    problems += [_refused(layer) for layer in every if _why_not(layer)]
    shape = tuple(model.inputs[0].shape[1:])
    if not shape or any(size is None for size in shape):
        message = f"the input of {shown} is {shape_text(shape)}, and a recipe needs fixed sizes"
        problems.append(Problem(message, "build the model with a fixed input shape and save it again"))
    calls: list[_Call] = []
    outputs = _follow(model.outputs, {id(model.inputs[0]): INPUT}, calls)
    problems += [*_operations(calls), *_several(calls), *_shared(calls)]
    if problems:
        raise ModelFileError(problems)
    taken = {call.operation.name: call.inputs for call in calls}
    ordered = tuple(dict.fromkeys(_in_order(model, outputs)))
    return Graph(shape, tuple(call.operation for call in calls), taken, ordered)  # type: ignore[arg-type]


@dataclass(frozen=True)
class _Call:
    """A call of a layer or function.

    Attributes:
        operation: what is called.
        inputs: the names of what it takes.
        output_count: how many tensors it gives.
    """

    operation: Any
    inputs: tuple[str, ...]
    output_count: int


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
        calls.append(_Call(operation, taken, len(given)))
        names |= {id(tensor): operation.name for tensor in given}
    return [names[id(tensor)] for tensor in outputs]


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


def _shared(calls: list[_Call]) -> list[Problem]:
    """The layers that are called several times."""
    names = [call.operation.name for call in calls]
    shared = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    hint = "from-keras writes layers that are called once; `is` calls a layer of a recipe again"
    return [Problem(f"the layer `{name}` is called {names.count(name)} times", hint) for name in shared]
