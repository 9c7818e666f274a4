"""The layers of a recipe's network: their names, and the output of the last one."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from cnncli.recipe.keras_objects.catalogue import Entry
from cnncli.recipe.keras_objects.objects import KerasObject
from cnncli.recipe.yaml.nodes import Path


@dataclass(frozen=True, slots=True)
class Group:
    """A run of layers in the flat list that has a name: a block's call, or a `group`.

    Attributes:
        name: what `from`, `freeze` and `expect.shapes` call it; of the shapes it is the one that leaves its last layer.
        start, end: the layers are `layers[start:end]`.
    """

    name: str
    start: int
    end: int


def nested(layers: Sequence[KerasObject], groups: Sequence[Group]) -> list[Any]:
    """The flat list as YAML would hold it: groups as `group: {name, layers}`; it expands to the same list and groups."""
    return _nested(layers, deque(groups), 0, len(layers))


def _nested(layers: Sequence[KerasObject], waiting: deque[Group], start: int, end: int) -> list[Any]:
    """Take the groups within from `waiting`, where they stand in the order of their layers, from the outside in."""
    items: list[Any] = []
    at = start
    while at < end:
        if waiting and waiting[0].start == at:
            group = waiting.popleft()
            items.append({"group": {"name": group.name, "layers": _nested(layers, waiting, at, group.end)}})
            at = group.end
        else:
            items.append(layers[at].as_data())
            at += 1
    return items


def name_of(layer: KerasObject) -> str:
    """A layer's own name; empty when it has none yet."""
    name = layer.args.get("name")
    if name is None and layer.kind == "applications":
        argument = (layer.entry.arguments or {}).get("name")
        name = argument.default if argument and not argument.required else None
    return str(name) if name is not None else ""


def application_name(entry: Entry) -> str:
    """The name of an application that a recipe gives none: Keras' default, else its class in lower case."""
    argument = (entry.arguments or {}).get("name")
    default = argument.default if argument and not argument.required else None
    return str(default or entry.name.lower())


def name_in_keras(application: KerasObject) -> str:
    """The name that Keras' function gets for an application; EfficientNetV2 of Keras 3.15 finds its blocks by its own."""
    is_fixed = application.name.startswith("EfficientNetV2")
    return application_name(application.entry) if is_fixed else name_of(application)


def path_of(layers: Sequence[KerasObject], name: str) -> Path:
    """Where the layer of a name stands in a recipe; the list of layers where none has it."""
    index = next((index for index, layer in enumerate(layers) if name_of(layer) == name), None)
    return ("model", "layers") if index is None else ("model", "layers", index, layers[index].name)


@lru_cache(maxsize=1024)  # there are fewer Keras layers
def snake_case(name: str) -> str:
    """`BatchNormalization` as Keras names such a layer: `batch_normalization` (`keras.utils.naming.to_snake_case`)."""
    name = re.sub(r"\W+", "", name)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()


def output_activation(layers: Sequence[KerasObject]) -> str | None:
    """The activation that the network ends with: `softmax`, `linear`, …; None when it cannot be told from the recipe."""
    last = layers[-1]
    if last.name == "Softmax":
        return "softmax"
    if last.kind == "applications":
        return _of_the_top(last, "classifier_activation") or "linear" if _of_the_top(last, "include_top") else None
    if "activation" in (last.entry.arguments or {}):
        activation: Any = last.args.get("activation")
        return activation.name if isinstance(activation, KerasObject) else "linear"
    return None


def output_units(layers: Sequence[KerasObject]) -> int | None:
    """The units of the last Dense layer when nothing but an activation follows it; may be `Unknown`.

    An application may end with one.
    """
    for layer in reversed(layers):
        if layer.kind == "applications" and _of_the_top(layer, "include_top"):
            return _of_the_top(layer, "classes")  # type: ignore[no-any-return]  # an integer, as the catalogue says
        if layer.entry.canonical == "Dense":
            units = layer.args["units"]
            return units if isinstance(units, int) else None
        if layer.entry.canonical not in ("Activation", "Softmax"):
            return None
    return None


def _of_the_top(application: KerasObject, argument: str) -> Any:
    """An argument of an application, or its default."""
    value = application.args.get(argument, (application.entry.arguments or {})[argument].default)
    return value.name if isinstance(value, KerasObject) else value
