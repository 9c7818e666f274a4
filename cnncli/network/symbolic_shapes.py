"""The shapes inside of a network while its recipe is still being written out: the sizes of `$here`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cnncli.errors import CnncliError
from cnncli.network.build import Shapes, names_in, prepared_inputs
from cnncli.network.connect import Connector, made_layer
from cnncli.network.instantiate import names_counted_on, passed_over, shapes_alone
from cnncli.network.model_inputs import new_input
from cnncli.recipe.keras_objects import objects
from cnncli.recipe.language.here import Shape
from cnncli.recipe.load import LoadedRecipe
from cnncli.recipe.named_inputs import by_name
from cnncli.recipe.schema import Recipe
from cnncli.recipe.yaml.nodes import Node, plain


class SymbolicShapes:
    """Connects the layers of a flat list one by one, with shapes but without weights.

    Args:
        recipe: of its `data` the layers of `prepare` are used; of its own list of layers, in which sizes are still unknown,
            the names alone.
        input_shape: of one raw example; of several inputs by name.
    """

    def __init__(self, recipe: Recipe, input_shape: Shapes) -> None:
        self._recipe = recipe
        self._input_shapes = by_name(input_shape)
        self._connector: Connector | None = None
        self._is_broken = False
        self._names = passed_over(names_in(recipe))  # an application must not give one of them to a layer of its own
        self._count = 0  # of the layers that are connected

    def shape_of(self, layers: Sequence[Node], name: str | None) -> Shape | None:
        if self._is_broken:
            return None
        try:
            with shapes_alone(), names_counted_on(self._names):
                return self._shape_of(layers, name)
        except CnncliError:  # the network itself reports it, at its place
            self._is_broken = True
            return None

    def _shape_of(self, layers: Sequence[Node], name: str | None) -> Shape | None:
        if self._connector is None:
            inputs = {name: new_input(shape, name) for name, shape in self._input_shapes.items()}
            prepared = prepared_inputs(self._recipe, inputs)
            self._connector = Connector(self._recipe, prepared, "float32", load_weights=False, find_weights=False)
        for index in range(self._count, len(layers)):
            item, _ = objects.read(plain(layers[index]), "layers")
            if item is None:
                self._is_broken = True
                return None
            self._connector.add(index, item, made_layer(item, "float32", index))
            self._count = index + 1
        alone = next(iter(self._input_shapes)) if len(self._input_shapes) == 1 else None
        tensor: Any = self._connector.by_name.get(name or alone or "")
        return None if tensor is None else tuple(tensor.shape[1:])


def resolve(
    loaded: LoadedRecipe,
    input_shape: Shapes,
    *,
    classes: int | None = None,
    steps_per_epoch: int | None = None,
) -> LoadedRecipe:
    """The recipe again, now that the shape of its input is known; arguments as for `LoadedRecipe.resolve`.

    Args:
        input_shape: of one raw example; of several inputs by name.

    Raises:
        RecipeError: with all problems.
    """
    shapes = SymbolicShapes(loaded.recipe, input_shape) if loaded.uses_sizes else None
    return loaded.resolve(classes=classes, steps_per_epoch=steps_per_epoch, shapes=shapes)
