"""The inputs of a network by name: one without a name of its own, or those of `data.inputs`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from cnncli.recipe.keras_objects.objects import KerasObject
from cnncli.recipe.language.flat_layers import INPUT as INPUT
from cnncli.recipe.schema import Model, Recipe
from cnncli.recipe.schema_data import Data
from cnncli.recipe.yaml.nodes import Path

_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class Input:
    """One input of a network.

    Attributes:
        name: as `from` calls it.
        prepare, augment: the layers that are for it alone.
        path: the section of the recipe in which they stand.
    """

    name: str
    prepare: Sequence[KerasObject]
    augment: Sequence[KerasObject]
    path: Path


def inputs_of(data: Data) -> list[Input]:
    """The inputs in the order of the recipe."""
    if data.inputs is None:
        return [Input(INPUT, data.prepare, data.augment, ("data",))]
    return [Input(name, own.prepare, own.augment, ("data", "inputs", name)) for name, own in data.inputs.items()]


def shapes_of(model: Model) -> tuple[int, ...] | dict[str, tuple[int, ...]] | None:
    """The shape of one example, of several inputs by name; None where the recipe does not say it."""
    if model.input is None:
        return None
    return without_names({name: tuple(shape) for name, shape in by_name(model.input).items()})


def layers_after(recipe: Recipe, name: str) -> list[KerasObject]:
    """The layers of the network from the first one that takes an input on, as they stand in the list."""
    layers = recipe.model.layers
    if recipe.data.inputs is None or len(recipe.data.inputs) == 1:
        return list(layers)
    first = next((index for index, layer in enumerate(layers) if name in layer.inputs), len(layers))
    return list(layers[first:])


def has_augmentation(recipe: Recipe) -> bool:
    """Whether an input has layers of `augment`."""
    return any(each.augment for each in inputs_of(recipe.data))


def by_name(value: _Value | Mapping[str, _Value]) -> dict[str, _Value]:
    """A value for each input; one that is no mapping is that of the only input, which has no name of its own."""
    return dict(value) if isinstance(value, Mapping) else {INPUT: value}


def without_names(values: Mapping[str, _Value]) -> _Value | dict[str, _Value]:
    """The opposite of `by_name`: what a recipe, a record and a model file hold."""
    return values[INPUT] if values.keys() == {INPUT} else dict(values)
