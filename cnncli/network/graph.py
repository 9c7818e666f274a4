"""The graph of a Keras network: what each layer takes, in the order of the recipe."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras

from cnncli.network.named_calls import named_calls
from cnncli.network.receptive_field import Field, widest
from cnncli.recipe.layers import name_of
from cnncli.recipe.schema import Recipe


@dataclass(frozen=True, slots=True)
class Part:
    """A layer, or an operation that brings several tensors together, as it is called once in a network.

    Attributes:
        name: as the recipe has it; of an operation as Keras has it.
        operation: of Keras.
        inputs: the tensors that it takes; none for an input of the network.
        outputs: those that it gives.
        shares: the name of the part whose weights these are; empty where they are its own.
    """

    name: str
    operation: Any
    inputs: tuple[Any, ...]
    outputs: tuple[Any, ...]
    shares: str = ""

    @property
    def is_layer(self) -> bool:
        return isinstance(self.operation, keras.layers.Layer)


class Graph:
    """A network's layers, and those operations between them that bring several together.

    The additions of ConvNeXt and the preprocessing of applications are operations of Keras and no layers. Those that take
    several layers are kept, under Keras' own name for them; all others are seen through.

    Args:
        model: functional.
        tensors: name of a layer in the recipe -> what leaves it; names the further calls of a layer.

    Attributes:
        parts: name -> the layer or operation, each after those that it takes.
    """

    def __init__(self, model: keras.Model, tensors: Mapping[str, Any] | None = None) -> None:
        calls = named_calls(model, tensors)
        self._makers = {id(tensor): call for _, call, _ in calls for tensor in call.outputs}
        taken = {layer.name for layer in model.layers}
        self.parts: dict[str, Part] = {}
        self._names: dict[int, str] = {}  # by what leaves a part
        for name, call, shares in calls:
            if not isinstance(call.operation, keras.layers.Layer):
                if len(self._sources(call)) < 2:
                    continue
                while name in taken:
                    name += "_"
            taken.add(name)
            self.parts[name] = Part(name, call.operation, tuple(call.inputs), tuple(call.outputs), shares)
            self._names |= {id(tensor): name for tensor in call.outputs}

    def sources(self, name: str) -> tuple[str, ...]:
        """The names of the parts that a part takes, each once."""
        return self._sources(self.parts[name])

    def _sources(self, call: Any) -> tuple[str, ...]:
        found: dict[str, None] = {}
        for tensor in call.inputs:
            name = self._names.get(id(tensor))
            found |= dict.fromkeys(self._sources(self._makers[id(tensor)]) if name is None else [name])
        return tuple(found)

    def field(self, tensor: Any, fields: Mapping[str, Field | None]) -> Field | None:
        """The receptive field of a tensor; operations between layers look at each pixel for itself.

        Args:
            fields: of the parts that come before it.
        """
        name = self._names.get(id(tensor))
        if name is not None:
            return fields[name]
        return widest([self.field(came_in, fields) for came_in in self._makers[id(tensor)].inputs])

    def in_recipe_order(self, recipe: Recipe, groups: Mapping[str, Sequence[str]]) -> list[str]:
        """The names of the parts as the recipe lists them: branch after branch, where Keras sorts by depth.

        Args:
            groups: the layers of each application and shortcut of the recipe.
        """
        place: dict[str, float] = {}
        for index, item in enumerate(recipe.model.layers):
            made = (name_of(item),) if item.kind == "layers" else groups.get(name_of(item), ())
            place |= dict.fromkeys(made, float(index))
        for name, part in self.parts.items():
            if not part.is_layer:
                place[name] = max(place.get(source, -math.inf) for source in self.sources(name))
        # What `data.prepare` adds stands before the first layer that takes it.
        for name in reversed(self.parts):
            for source in self.sources(name):
                if source not in place or place[source] % 1:
                    before = place[name] if place[name] % 1 else place[name] - 0.5
                    place[source] = min(place.get(source, math.inf), before)
        return sorted(self.parts, key=lambda name: place[name])
