"""A network -> plain numbers: layer by layer, group by group, and in total."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras

from cnncli.errors import CnncliError, Problem, RecipeError
from cnncli.network import budget, checks
from cnncli.network.build import Network, build_symbolically
from cnncli.network.multiply_adds import multiply_adds
from cnncli.network.receptive_field import Field, field_after, field_of_input, widest
from cnncli.recipe.check import declared_classes
from cnncli.recipe.layers import Group, name_of
from cnncli.recipe.load import LoadedRecipe
from cnncli.recipe.nodes import Mapping as MappingNode
from cnncli.recipe.nodes import Node, Scalar
from cnncli.recipe.nodes import Sequence as SequenceNode
from cnncli.recipe.objects import KerasObject, Unknown
from cnncli.recipe.schema import Recipe

BYTES = 4  # of a number in float32
Shape = tuple[int | None, ...]


@dataclass(frozen=True)
class LayerSummary:
    """One Keras layer.

    Attributes:
        name: as Keras has it.
        kind: its class, `Conv2D`.
        detail: what of its arguments one wants to see, `3×3, stride 2, relu`; may be empty.
        output_shape: of one example, without the batch.
        params, trainable_params: all weights, and those that learn after `train.freeze`.
        multiply_adds: for one example; None where there is no agreed way to count.
        field: what of the network's input one output number depends on; None where it is not known.
        activations: numbers that leave it for one example.
        inputs: the layers that it takes.
        groups: the groups that it belongs to, from the outside in.
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
class Summary:
    """A network in numbers; all of them hold for float32.

    Attributes:
        name: of the recipe.
        input_shape: of one raw example.
        batch_size: that the memory is counted for.
        layers: in the order of the recipe; the input first.
        groups: outer ones before those within.
        training_bytes: weights, gradients, what the optimizer keeps, and activations with their gradients (`network.budget`).
        placeholders: layers whose size depends on the number of classes, which is not known; they are counted with 2.
    """

    name: str
    input_shape: Shape
    batch_size: int
    layers: tuple[LayerSummary, ...]
    groups: tuple[GroupSummary, ...]
    training_bytes: int
    placeholders: tuple[str, ...] = ()

    @property
    def params(self) -> int:
        return sum(layer.params for layer in self.layers)

    @property
    def trainable_params(self) -> int:
        return sum(layer.trainable_params for layer in self.layers)

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
        return sum(layer.activations for layer in self.layers) * BYTES * self.batch_size


def summarise(loaded: LoadedRecipe, *, batch_size: int | None = None) -> Summary:
    """Build the network of a recipe symbolically and count it; neither data nor memory for weights is needed.

    Args:
        batch_size: for the memory; left out: the recipe's.

    Raises:
        RecipeError: the input's shape depends on the data, or a layer does not fit; at its place.
    """
    shape = checks.input_shape(loaded.recipe)
    if shape is None:
        raise loaded.located(
            RecipeError(
                Problem(
                    "the shape of the network's input depends on the data",
                    "give it as `model.input`, or on the command line: --set 'model.input=[height, width, channels]'",
                    path=("model",),
                )
            )
        )
    try:
        loaded = loaded.resolve(classes=declared_classes(loaded.recipe))
        network = build_symbolically(loaded.recipe, input_shape=shape)
        checks.freeze(network, loaded.recipe)
    except CnncliError as error:
        raise loaded.located(error) from error
    return measure(network, loaded.recipe, batch_size=batch_size, blocks=_blocks_called(loaded))


def measure(
    network: Network, recipe: Recipe, *, batch_size: int | None = None, blocks: Mapping[str, str] | None = None
) -> Summary:
    """Count a network, built with weights or without.

    Args:
        recipe: the one that it was built from.
        batch_size: for the memory; left out: the recipe's.
        blocks: name of a group -> the block that it is a call of, as far as it is known.
    """
    batch_size = batch_size or recipe.train.batch_size
    graph = _Graph(network.model)
    order = _in_recipe_order(network, recipe, graph)
    groups = _groups(network, recipe, order, blocks or {})
    fields: dict[str, Field | None] = {}
    layers = []
    for name in order:
        layer = network.model.get_layer(name)
        layers.append(_measured(layer, graph, fields, tuple(group.name for group in groups if name in group.layers)))
    return Summary(
        name=recipe.name,
        input_shape=tuple(network.model.input_shape[1:]),
        batch_size=batch_size,
        layers=tuple(layers),
        groups=groups,
        training_bytes=budget.measure(network, batch_size=batch_size).bytes(batch_size),
        placeholders=tuple(name_of(item) for item in recipe.model.layers if _has_unknown(list(item.args.values()))),
    )


def _measured(
    layer: keras.layers.Layer, graph: _Graph, fields: dict[str, Field | None], groups: tuple[str, ...]
) -> LayerSummary:
    """One layer's numbers; its receptive field is added to `fields`."""
    inputs, outputs = graph.inputs(layer), keras.tree.flatten(layer.output)
    shapes = [tuple(tensor.shape) for tensor in inputs]
    output_shape = tuple(outputs[0].shape)
    if inputs:
        field = field_after(layer, [graph.field(tensor, fields) for tensor in inputs], shapes, output_shape)
    else:
        field = field_of_input(output_shape)
    fields[layer.name] = field
    return LayerSummary(
        name=layer.name,
        kind=type(layer).__name__,
        detail=_detail(layer),
        output_shape=output_shape[1:],
        params=sum(math.prod(weight.shape) for weight in layer.weights),
        trainable_params=sum(math.prod(weight.shape) for weight in layer.trainable_weights),
        multiply_adds=multiply_adds(layer, shapes, output_shape),
        field=field,
        activations=sum(math.prod(length or 1 for length in tensor.shape[1:]) for tensor in outputs),
        inputs=graph.sources(layer),
        groups=groups,
    )


class _Graph:
    """Which layers a layer takes, also where operations without a name stand between them.

    An application's preprocessing, and the additions of some, are operations of Keras and no layers.
    """

    def __init__(self, model: keras.Model) -> None:
        self._makers = {
            id(tensor): operation for operation in model.operations for tensor in keras.tree.flatten(operation.output)
        }

    def inputs(self, operation: Any) -> list[Any]:
        """The tensors that a layer or operation takes; none for the network's input."""
        if isinstance(operation, keras.layers.InputLayer):
            return []
        return list(keras.tree.flatten(operation.input))

    def sources(self, operation: Any) -> tuple[str, ...]:
        """The names of the layers that it takes, each once."""
        found: dict[str, None] = {}
        for tensor in self.inputs(operation):
            maker = self._makers[id(tensor)]
            is_layer = isinstance(maker, keras.layers.Layer)
            found |= dict.fromkeys([maker.name] if is_layer else self.sources(maker))
        return tuple(found)

    def field(self, tensor: Any, fields: Mapping[str, Field | None]) -> Field | None:
        """The receptive field of a tensor; operations between layers look at each pixel for itself."""
        maker = self._makers[id(tensor)]
        if isinstance(maker, keras.layers.Layer):
            return fields[maker.name]
        return widest([self.field(came_in, fields) for came_in in self.inputs(maker)])


def _in_recipe_order(network: Network, recipe: Recipe, graph: _Graph) -> list[str]:
    """The names of the network's layers as the recipe lists them: branch after branch, where Keras sorts by depth."""
    names = [layer.name for layer in network.model.layers]
    place: dict[str, float] = {}
    for index, item in enumerate(recipe.model.layers):
        made = (name_of(item),) if item.kind == "layers" else network.groups.get(name_of(item), ())
        place |= dict.fromkeys(made, float(index))
    # What `data.prepare` adds stands before the first layer that takes it.
    for name in reversed(names):
        for source in graph.sources(network.model.get_layer(name)):
            if source not in place or place[source] % 1:
                place[source] = min(place.get(source, math.inf), math.floor(place[name]) - 0.5)
    return sorted(names, key=lambda name: place[name])


def _groups(
    network: Network, recipe: Recipe, order: Sequence[str], blocks: Mapping[str, str]
) -> tuple[GroupSummary, ...]:
    """The groups that have layers in the network, outer ones before those within."""
    applications = {name_of(item): item.name for item in recipe.model.layers if item.kind != "layers"}
    found = []
    for name, members in network.groups.items():
        layers = tuple(layer for layer in order if layer in set(members))
        if layers:
            last = network.from_layer.get(name, layers[-1])
            kind = applications.get(name) or blocks.get(name, "")
            found.append(GroupSummary(name, kind, layers, last if last in layers else layers[-1]))
    # Where a group and an application have the same layers, the group is the outer one.
    return tuple(sorted(found, key=lambda group: (-len(group.layers), group.name in applications)))


def _blocks_called(loaded: LoadedRecipe) -> dict[str, str]:
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
    for index, group in enumerate(groups):
        # The calls that lead to a layer, from the outside in, are the groups around it, unless one of them is a `group`.
        around = [other for other in groups[: index + 1] if _holds(other, group)]
        calls = []
        caller = layers.items[group.start].place.called_from
        while caller is not None:
            calls.insert(0, keys.get((caller.file, caller.line, caller.column), set()))
            caller = caller.called_from
        every = [other for other in groups if other.start <= group.start < other.end]
        if len(calls) == len(every) and len(calls[len(around) - 1] & known) == 1:
            [found[group.name]] = calls[len(around) - 1] & known
    return found


def _holds(outer: Group, inner: Group) -> bool:
    return outer.start <= inner.start and inner.end <= outer.end


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


def _detail(layer: Any) -> str:
    """What of a layer's arguments one wants to see beside its class."""
    window = getattr(layer, "kernel_size", None) or getattr(layer, "pool_size", None)
    groups, activation = getattr(layer, "groups", 1), getattr(layer, "activation", None)
    shown_activation = getattr(activation, "__name__", "linear") if not hasattr(layer, "cell") else "linear"
    parts = (
        ("", _sides(window or getattr(layer, "size", None))),
        ("stride ", _short(getattr(layer, "strides", None)) if window else ""),
        ("dilation ", _short(getattr(layer, "dilation_rate", None))),
        ("groups ", str(groups) if groups != 1 else ""),
        ("rate ", f"{layer.rate:g}" if isinstance(layer, keras.layers.Dropout) else ""),
        ("", shown_activation if shown_activation != "linear" else ""),
    )
    return ", ".join(f"{word}{text}" for word, text in parts if text)


def _sides(value: Any) -> str:
    """`3×3`; a single number where there is one side; nothing where there is none."""
    sides = value if isinstance(value, (list, tuple)) else [] if value is None else [value]
    return "×".join(map(str, sides))


def _short(value: Any) -> str:
    """The same with `2` for `2×2`, and nothing where all are 1."""
    different = set(value) if isinstance(value, (list, tuple)) else {value}
    if different <= {None, 1}:
        return ""
    return str(*different) if len(different) == 1 else _sides(value)
