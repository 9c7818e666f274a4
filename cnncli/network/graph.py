"""The graph of a Keras network: what each layer takes, in the order of the recipe."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import keras

from cnncli.network.receptive_field import Field, widest
from cnncli.recipe.layers import name_of
from cnncli.recipe.schema import Recipe


class Graph:
    """A network's layers, and those operations between them that bring several together.

    The additions of ConvNeXt and the preprocessing of applications are operations of Keras and no layers. Those that take
    several layers are kept, under Keras' own name for them; all others are seen through.

    Attributes:
        parts: name -> the layer or operation, each after those that it takes.
    """

    def __init__(self, model: keras.Model) -> None:
        self._makers = {
            id(tensor): operation for operation in model.operations for tensor in keras.tree.flatten(operation.output)
        }
        taken = {layer.name for layer in model.layers}
        self.parts: dict[str, Any] = {}
        self._names: dict[int, str] = {}
        for operation in model.operations:
            name = operation.name
            if not isinstance(operation, keras.layers.Layer):
                if len(self.sources(operation)) < 2:
                    continue
                while name in taken:
                    name += "_"
                taken.add(name)
            self.parts[name] = operation
            self._names[id(operation)] = name

    def inputs(self, operation: Any) -> list[Any]:
        """The tensors that a layer or operation takes; none for the network's input."""
        if isinstance(operation, keras.layers.InputLayer):
            return []
        return list(keras.tree.flatten(operation.input))

    def sources(self, operation: Any) -> tuple[str, ...]:
        """The names of the parts that a part takes, each once."""
        found: dict[str, None] = {}
        for tensor in self.inputs(operation):
            maker = self._makers[id(tensor)]
            name = self._names.get(id(maker))
            found |= dict.fromkeys(self.sources(maker) if name is None else [name])
        return tuple(found)

    def field(self, tensor: Any, fields: Mapping[str, Field | None]) -> Field | None:
        """The receptive field of a tensor; operations between layers look at each pixel for itself.

        Args:
            fields: of the parts that come before it.
        """
        maker = self._makers[id(tensor)]
        name = self._names.get(id(maker))
        if name is not None:
            return fields[name]
        return widest([self.field(came_in, fields) for came_in in self.inputs(maker)])

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
            if not isinstance(part, keras.layers.Layer):
                place[name] = max(place.get(source, -math.inf) for source in self.sources(part))
        # What `data.prepare` adds stands before the first layer that takes it.
        for name, part in reversed(self.parts.items()):
            for source in self.sources(part):
                if source not in place or place[source] % 1:
                    place[source] = min(place.get(source, math.inf), math.floor(place[name]) - 0.5)
        return sorted(self.parts, key=lambda name: place[name])
