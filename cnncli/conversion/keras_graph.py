"""The graph of a Keras model as a list of layers, each with the layers that it takes."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import keras

from cnncli.conversion.equivalent_layers import Step, equivalent_layers
from cnncli.conversion.find_applications import Application, find_applications
from cnncli.conversion.graph_calls import Call, calls_to, policy_of
from cnncli.conversion.refused_layers import OPERATION_HINT
from cnncli.errors import ModelFileError, Problem
from cnncli.messages import listed, shortened
from cnncli.network.connect import shape_text
from cnncli.recipe.check_names import REFUSED
from cnncli.recipe.keras_objects.objects import KerasObject
from cnncli.recipe.language.flat_layers import INPUT
from cnncli.recipe.layers import snake_case


@dataclass(frozen=True)
class Layer:
    """A call of a layer, or an application.

    Attributes:
        name: of the layer; of a further call one that nothing else has.
        layer: Keras' layer; of an application its last one.
        inputs: the names of what it takes.
        shares: of a further call, the name of the first one; else empty.
        application: as a recipe names it; None where it is a layer.
    """

    name: str
    layer: Any
    inputs: tuple[str, ...]
    shares: str = ""
    application: KerasObject | None = None

    @property
    def kind(self) -> str:
        """What a recipe calls it."""
        return self.application.name if self.application else type(self.layer).__name__


@dataclass(frozen=True)
class Graph:
    """The layers of a model in an order in which each comes after those that it takes.

    Attributes:
        input_shapes: of one example, by the names of the inputs; the only one is `input`.
        layers: without inputs and without models within the model; an application is one of them.
        outputs: the names of the layers whose outputs are the model's.
        policy: the dtype policy of its layers.
    """

    input_shapes: dict[str, tuple[int, ...]]
    layers: tuple[Layer, ...]
    outputs: tuple[str, ...]
    policy: str

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
    inputs = {INPUT: model.inputs[0]} if len(model.inputs) == 1 else {tensor.name: tensor for tensor in model.inputs}
    calls, outputs = calls_to(model.outputs, inputs)
    found = find_applications(calls, inputs)
    inside = {name for application in found for name in application.names}
    problems = [*_problems_of_inputs(inputs, shown), *_problems_of_names(calls, shown)]
    given = {id(tensor) for tensor in inputs.values()}
    problems += _problems_of_outputs(outputs, [id(tensor) in given for tensor in model.outputs], shown)
    policy = policy_of(calls)
    steps = {call.name: equivalent_layers(call, policy=policy) for call in calls if call.name not in inside}
    for call in calls:
        if call.name not in inside and not steps[call.name]:
            problems += _problems_of_call(call)
    if problems:
        raise ModelFileError(problems)
    shapes = {name: tuple(tensor.shape[1:]) for name, tensor in inputs.items()}
    ends = {application.end: application.name for application in found}
    layers, renamed = _with_counted_names(list(_layers(calls, found, ends, steps)), _without_own_names(calls, steps))
    names = dict.fromkeys(renamed.get(name, name) for name in (ends.get(n, n) for n in _in_order(model, outputs)))
    return Graph(shapes, tuple(layers), tuple(names), policy)


def _layers(
    calls: Sequence[Call],
    found: Sequence[Application],
    ends: Mapping[str, str],
    steps: Mapping[str, Sequence[Step]],
) -> Iterator[Layer]:
    """The calls as layers, with applications where their first calls are.

    Args:
        ends: the name of the last call of an application -> the name of the application.
        steps: the layers in the place of calls that a recipe cannot have.
    """
    by_name = {call.name: call for call in calls}
    application_of = {name: application for application in found for name in application.names}
    done: set[str] = set()
    for call in calls:
        application = application_of.get(call.name)
        if application is None and steps[call.name]:
            for step in steps[call.name]:
                inputs = tuple(ends.get(name, name) for name in step.inputs)
                yield Layer(f"{call.name}{step.suffix}", step.layer, inputs, call.shares if step.layer.weights else "")
        elif application is None:
            inputs = tuple(ends.get(name, name) for name in call.inputs)
            yield Layer(call.name, call.operation, inputs, call.shares)
        elif application.end not in done:
            done.add(application.end)
            start = ends.get(application.start, application.start)
            last = by_name[application.end].operation
            yield Layer(application.name, last, (start,), application=application.item)


def _without_own_names(calls: Sequence[Call], steps: Mapping[str, Sequence[Step]]) -> set[str]:
    """The names of layers in the place of calls that Keras named by counting."""
    found = set()
    for call in calls:
        kind = snake_case(type(call.operation).__name__)
        for step in steps.get(call.name, ()):
            if step.suffix or re.fullmatch(rf"{kind}(_\d+)?", call.name):
                found.add(f"{call.name}{step.suffix}")
    return found


def _with_counted_names(layers: Sequence[Layer], free: Collection[str]) -> tuple[list[Layer], dict[str, str]]:
    """The layers, some with the names that a recipe counts; and the old names of these with the new ones."""
    taken = {layer.name for layer in layers if layer.name not in free}
    counts: Counter[str] = Counter()
    renamed: dict[str, str] = {}
    for layer in layers:
        base = snake_case(layer.kind)
        names = (f"{base}_{number}" if number else base for number in itertools.count(counts[base]))
        if layer.name in free:
            renamed[layer.name] = next(name for name in names if name not in taken)
        if layer.name in free or layer.name == next(names):
            counts[base] += 1
    found = [
        replace(
            layer,
            name=renamed.get(layer.name, layer.name),
            inputs=tuple(renamed.get(name, name) for name in layer.inputs),
            shares=renamed.get(layer.shares, layer.shares),
        )
        for layer in layers
    ]
    return found, renamed


def _in_order(model: keras.Model, outputs: list[str]) -> list[str]:
    """The outputs in the order in which they were given by name; Keras sorts the names."""
    given = None if isinstance(model, keras.Sequential) else model.output
    if not isinstance(given, dict):
        return outputs
    by_name = dict(zip(sorted(given), outputs, strict=True))
    return [by_name[name] for name in given]


def _problems_of_inputs(inputs: Mapping[str, Any], shown: str) -> Iterator[Problem]:
    """The inputs without fixed sizes."""
    for name, tensor in inputs.items():
        shape = tuple(tensor.shape[1:])
        is_text = tensor.dtype == "string" and not shape
        if not is_text and (not shape or None in shape):
            what = "the input" if name == INPUT else f"the input `{name}`"
            message = f"{what} of {shown} is {shape_text(shape)}, and a recipe needs fixed sizes"
            yield Problem(message, "build the model with a fixed input shape and save it again")


def _problems_of_outputs(outputs: Sequence[str], are_inputs: Sequence[bool], shown: str) -> Iterator[Problem]:
    """The outputs that no layer gives, and those that are given twice."""
    if any(are_inputs):
        yield Problem(f"an output of {shown} is its input", "let a layer give it, such as Identity, and save it again")
    counts = Counter(name for name, is_input in zip(outputs, are_inputs, strict=True) if not is_input)
    for name, count in counts.items():
        if count > 1:
            yield Problem(
                f"{count} outputs of {shown} are that of the layer `{name}`", "name it once, and save it again"
            )


def _problems_of_names(calls: Sequence[Call], shown: str) -> Iterator[Problem]:
    """The names of layers that a recipe cannot have."""
    for name in [call.name for call in calls if call.is_layer and not call.shares]:
        if name == INPUT:
            message = f"a layer of {shown} is named `{INPUT}`, which a recipe keeps for its input"
            yield Problem(message, "rename it and save the model again")
        elif REFUSED.search(name):
            hint = "a recipe's names have letters from a to z, digits, `_`, `-` and `.`: rename it and save the model again"
            yield Problem(f"a recipe cannot hold the name of the layer `{shortened(name)}`", hint)


def _problems_of_call(call: Call) -> Iterator[Problem]:
    """Why a call cannot be a layer of a recipe."""
    name, kind = call.operation.name, type(call.operation).__name__
    if not call.is_layer:
        message = f"a recipe cannot hold `{name}`, the function keras.ops.{snake_case(kind)}"
        yield Problem(message, OPERATION_HINT)
    elif call.refused and not call.shares:
        is_adapted = isinstance(call.operation, keras.layers.Normalization)
        hint = "give them as arguments, and save the model again" if is_adapted else ""
        yield Problem(f"a recipe cannot hold the layer `{name}` ({kind}): {call.refused}", hint)
    elif call.unwritten:
        message = f"the layer `{name}` ({kind}) is called with {listed(call.unwritten)}"
        yield Problem(message, "a recipe calls layers on the outputs of other layers, and on nothing else")
    elif len(call.outputs) > 1:
        message = f"the layer `{name}` gives {len(call.outputs)} tensors"
        yield Problem(message, "a layer of a recipe gives one tensor")
