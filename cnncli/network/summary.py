"""Summarize a network in numbers: by layer, by group, in total."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import keras

from cnncli.errors import CnncliError, Problem, RecipeError
from cnncli.network import budget, checks, symbolic_shapes
from cnncli.network.build import Network, build_symbolically
from cnncli.network.graph import Graph
from cnncli.network.layer_arguments import arguments_of, detail_of
from cnncli.network.merging import unintended_broadcasts
from cnncli.network.multiply_adds import multiply_adds
from cnncli.network.receptive_field import Field, field_after, field_of_input, widest
from cnncli.network.row_text import shared_with
from cnncli.recipe.deferred import Unknown
from cnncli.recipe.keras_objects.objects import KerasObject
from cnncli.recipe.known_data import declared_classes, declared_shape, shape_of_input
from cnncli.recipe.layers import Group, name_of
from cnncli.recipe.load import LoadedRecipe
from cnncli.recipe.named_inputs import inputs_of, without_names
from cnncli.recipe.outputs import outputs_of
from cnncli.recipe.phases import phases_of
from cnncli.recipe.schema import Recipe
from cnncli.recipe.yaml.nodes import Mapping as MappingNode
from cnncli.recipe.yaml.nodes import Node, Scalar
from cnncli.recipe.yaml.nodes import Sequence as SequenceNode

BYTES = 4  # of a number in float32
Shape = tuple[int | None, ...]


@dataclass(frozen=True)
class LayerSummary:
    """One Keras layer, or an operation without weights that brings several together where Keras has no layer for it.

    Attributes:
        name: as Keras has it.
        kind: its class, `Conv2D`.
        detail: what of its arguments one wants to see, `3×3, stride 2, relu`; may be empty.
        output_shape: of one example, without the batch.
        params, trainable_params: all weights, and those that learn in some phase, after `freeze`.
        multiply_adds: for one example; None where there is no agreed way to count.
        field: what of the network's input one output number depends on; None where it is not known.
        activations: numbers that leave it for one example.
        inputs: the layers that it takes.
        groups: the groups that it belongs to, from the outside in.
        arguments: pairs of a name and a plain value, but for its own name.
        shares: the layer whose weights these are, counted there; empty where they are its own.
    """

    name: str
    kind: str
    detail: str
    output_shape: Shape
    params: int
    trainable_params: int
    multiply_adds: int | None
    field: Field | None
    activations: int
    inputs: tuple[str, ...]
    groups: tuple[str, ...]
    arguments: tuple[tuple[str, Any], ...] = ()
    shares: str = ""


@dataclass(frozen=True)
class GroupSummary:
    """A block's call, a `group`, an application or a projecting shortcut.

    Attributes:
        name: as `from` and `freeze` know it.
        kind: the block's or application's name, `shortcut`; empty for a `group`.
        layers: the names of its layers, in order.
        last: the layer whose output leaves it.
    """

    name: str
    kind: str
    layers: tuple[str, ...]
    last: str


@dataclass(frozen=True)
class PhaseSummary:
    """How much learns in one phase of the training; its name is empty where there are no phases."""

    name: str
    trainable_params: int


@dataclass(frozen=True)
class Summary:
    """A network in numbers; all of them hold for float32.

    Attributes:
        name: of the recipe.
        input_shape: of one raw example; of several inputs by name.
        batch_size: that the memory is counted for.
        layers: in the order of the recipe; the input first.
        groups: outer ones before those within.
        outputs: the layers that the network ends with; the main one first.
        phases: at least one.
        training_bytes: weights, gradients, what the optimizer keeps, and activations with their gradients (`network.budget`).
        placeholders: layers whose size depends on the number of classes, which is not known; they are counted with 2.
        notes: what is not wrong, but probably not meant.
    """

    name: str
    input_shape: Shape | dict[str, Shape]
    batch_size: int
    layers: tuple[LayerSummary, ...]
    groups: tuple[GroupSummary, ...]
    outputs: tuple[str, ...]
    phases: tuple[PhaseSummary, ...]
    training_bytes: int
    placeholders: tuple[str, ...] = ()
    notes: tuple[Problem, ...] = ()

    @property
    def params(self) -> int:
        return sum(layer.params for layer in self.layers)

    @property
    def trainable_params(self) -> int:
        """In the phase in which most learn."""
        return max(phase.trainable_params for phase in self.phases)

    @property
    def multiply_adds(self) -> int:
        """For one example, without those of `not_counted`."""
        return sum(layer.multiply_adds or 0 for layer in self.layers)

    @property
    def not_counted(self) -> tuple[str, ...]:
        """Layers whose multiply-adds there is no agreed way to count."""
        return tuple(layer.name for layer in self.layers if layer.multiply_adds is None)

    @property
    def weight_bytes(self) -> int:
        return self.params * BYTES

    @property
    def activation_bytes(self) -> int:
        """Of all layers' outputs together, for one batch."""
        return self.bytes_of(sum(layer.activations for layer in self.layers))

    def bytes_of(self, activations: int) -> int:
        """The memory of some numbers of one example, for one batch."""
        return activations * BYTES * self.batch_size


def summarise(loaded: LoadedRecipe, *, batch_size: int | None = None) -> Summary:
    """Build the network of a recipe symbolically and count it; neither data nor memory for weights is needed.

    Args:
        batch_size: for the memory; left out: the recipe's.

    Raises:
        RecipeError: the input's shape depends on the data, or a layer does not fit; at its place.
    """
    return summarise_with_network(loaded, batch_size=batch_size)[0]


def summarise_with_network(
    loaded: LoadedRecipe, *, batch_size: int | None = None
) -> tuple[Summary, Network, LoadedRecipe]:
    """The same, with the network that was counted, and its recipe with the number of classes, where that is known."""
    shape = declared_shape(loaded.recipe)
    if shape is None:
        raise loaded.located(
            RecipeError(
                Problem(
                    "the shape of the network's input depends on the data",
                    f"give it as `model.input`, or on the command line: --set 'model.input={_example_shape(loaded)}'",
                    path=("model",),
                )
            )
        )
    try:
        loaded = symbolic_shapes.resolve(loaded, shape, classes=declared_classes(loaded.recipe))
        network = build_symbolically(loaded.recipe, input_shape=shape)
        measured = measure(network, loaded.recipe, batch_size=batch_size, blocks=blocks_called(loaded))
    except CnncliError as error:
        raise loaded.located(error) from error
    notes = tuple(loaded.locate(unintended_broadcasts(loaded.recipe, network)))
    return replace(measured, notes=notes), network, loaded


def _example_shape(loaded: LoadedRecipe) -> str:
    recipe = loaded.recipe
    known = {each.name: shape_of_input(recipe, each) for each in inputs_of(recipe.data)}
    texts = {name: "[height, width, channels]" if shape is None else str(list(shape)) for name, shape in known.items()}
    return f"{{{', '.join(map(': '.join, texts.items()))}}}" if recipe.data.inputs else next(iter(texts.values()))


def measure(
    network: Network, recipe: Recipe, *, batch_size: int | None = None, blocks: Mapping[str, str] | None = None
) -> Summary:
    """Count a network, built with weights or without.

    Args:
        recipe: the one that it was built from.
        batch_size: for the memory; left out: the recipe's.
        blocks: name of a group -> the block that it is a call of, as far as it is known.

    Raises:
        RecipeError: `freeze` or `unfreeze` names a layer that is not there.
    """
    batch_size = batch_size or recipe.train.batch_size
    graph = Graph(network.full_model, network.tensors)
    order = graph.in_recipe_order(recipe, network.groups)
    groups = _groups(network, recipe, graph, order, blocks or {})
    learning, phases = _learning(network, recipe)
    counted = budget.measure(network, batch_size=batch_size, trainable_params=max(p.trainable_params for p in phases))
    fields: dict[str, Field | None] = {}
    layers = []
    around: dict[str, list[str]] = {name: [] for name in order}
    for group in groups:
        for name in group.layers:
            around[name].append(group.name)
    for name in order:
        learns, within = learning.get(name, 0), tuple(around[name])
        layers.append(_measured(name, graph, fields, trainable_params=learns, groups=within))
    return Summary(
        name=recipe.name,
        input_shape=without_names(network.input_shapes),
        batch_size=batch_size,
        layers=tuple(layers),
        groups=groups,
        outputs=tuple(network.from_layer.get(output.name, output.name) for output in outputs_of(recipe)),
        phases=phases,
        training_bytes=counted.bytes(batch_size),
        placeholders=tuple(name_of(item) for item in recipe.model.layers if _has_unknown(list(item.args.values()))),
    )


def _learning(network: Network, recipe: Recipe) -> tuple[dict[str, int], tuple[PhaseSummary, ...]]:
    """By layer, how many of its weights learn in some phase; and how many of all learn in each."""
    most: dict[str, int] = {}
    phases = []
    for phase in phases_of(recipe):
        checks.freeze(network, recipe, phase)
        learning = {layer.name: _count(layer.trainable_weights) for layer in network.full_model.layers}
        most = {name: max(count, most.get(name, 0)) for name, count in learning.items()}
        phases.append(PhaseSummary(phase.name, sum(learning.values())))
    return most, tuple(phases)


def _measured(
    name: str, graph: Graph, fields: dict[str, Field | None], *, trainable_params: int, groups: tuple[str, ...]
) -> LayerSummary:
    """One layer's numbers; its receptive field is added to `fields`."""
    part = graph.parts[name]
    layer, is_layer, inputs, outputs = part.operation, part.is_layer, part.inputs, part.outputs
    shapes = [tuple(tensor.shape) for tensor in inputs]
    output_shape = tuple(outputs[0].shape)
    if not inputs:
        field = field_of_input(output_shape)
    else:
        came_in = [graph.field(tensor, fields) for tensor in inputs]
        field = field_after(layer, came_in, shapes, output_shape) if is_layer else widest(came_in)
    fields[name] = field
    return LayerSummary(
        name=name,
        kind=type(layer).__name__,
        detail=", ".join(filter(None, (detail_of(layer), shared_with(part.shares) if layer.weights else "")))
        if is_layer
        else "",
        output_shape=output_shape[1:],
        params=_count(layer.weights) if is_layer and not part.shares else 0,
        trainable_params=trainable_params,
        multiply_adds=multiply_adds(layer, shapes, output_shape) if is_layer else 0,
        field=field,
        activations=sum(math.prod(length or 1 for length in tensor.shape[1:]) for tensor in outputs),
        inputs=graph.sources(name),
        groups=groups,
        arguments=tuple(arguments_of(layer.get_config())) if is_layer else (),
        shares=part.shares,
    )


def _count(weights: Sequence[keras.Variable]) -> int:
    return sum(math.prod(weight.shape) for weight in weights)


def _groups(
    network: Network, recipe: Recipe, graph: Graph, order: Sequence[str], blocks: Mapping[str, str]
) -> tuple[GroupSummary, ...]:
    """The groups that have layers in the network, outer ones before those within."""
    applications = {name_of(item): item.name for item in recipe.model.layers if item.kind != "layers"}
    place = {name: index for index, name in enumerate(order)}
    operations = [name for name in order if not graph.parts[name].is_layer]
    found = []
    for name, members in network.groups.items():
        inside = {layer for layer in members if layer in graph.parts}
        for part in operations:
            # An operation belongs to a group when all that it takes does.
            if inside.issuperset(graph.sources(part)):
                inside.add(part)
        layers = tuple(sorted(inside, key=lambda part: place[part]))
        if layers:
            last = network.from_layer.get(name, layers[-1])
            kind = applications.get(name) or blocks.get(name, "")
            found.append(GroupSummary(name, kind, layers, last if last in inside else layers[-1]))
    # Where a group and an application have the same layers, the group is the outer one.
    return tuple(sorted(found, key=lambda group: (-len(group.layers), group.name in applications)))


def blocks_called(loaded: LoadedRecipe) -> dict[str, str]:
    """Name of a group -> the block that it is a call of, where the places tell it."""
    groups = loaded.recipe.model.groups
    model = loaded.root.get("model")
    layers = model.get("layers") if isinstance(model, MappingNode) else None
    if not isinstance(layers, SequenceNode) or len(layers.items) != len(loaded.recipe.model.layers):
        return {}
    keys: dict[Any, set[str]] = {}
    for key, place in _keys(loaded.written):
        keys.setdefault((place.file, place.line, place.column), set()).add(key)
    blocks = loaded.written.get("blocks")
    known = set(blocks.keys()) if isinstance(blocks, MappingNode) else set()
    found = {}
    around: list[Group] = []  # the groups that hold this one, from the outside in, and this one
    for index, group in enumerate(groups):
        while around and around[-1].end <= group.start:
            around.pop()
        around.append(group)
        beginning = itertools.takewhile(lambda other: other.start == group.start, groups[index + 1 :])  # noqa: B023
        # The calls that lead to a layer, from the outside in, are the groups around it, unless one of them is a `group`.
        calls: list[set[str]] = []
        caller = layers.items[group.start].place.called_from
        while caller is not None:
            calls.insert(0, keys.get((caller.file, caller.line, caller.column), set()))
            caller = caller.called_from
        if len(calls) == len(around) + sum(1 for _ in beginning) and len(calls[len(around) - 1] & known) == 1:
            [found[group.name]] = calls[len(around) - 1] & known
    return found


def _keys(node: Node) -> Iterator[tuple[str, Any]]:
    """Every key of a recipe, and every item that is a single word, with its place."""
    if isinstance(node, MappingNode):
        for entry in node.entries:
            yield entry.key, entry.key_place
            yield from _keys(entry.value)
    elif isinstance(node, SequenceNode):
        for item in node.items:
            if isinstance(item, Scalar) and isinstance(item.value, str):
                yield item.value, item.place
            yield from _keys(item)


def _has_unknown(value: Any) -> bool:
    """Whether a value of the recipe waits for the number of classes."""
    if isinstance(value, KerasObject):
        value = list(value.args.values())
    return any(map(_has_unknown, value)) if isinstance(value, list) else isinstance(value, Unknown)
