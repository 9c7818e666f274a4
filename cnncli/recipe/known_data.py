"""What a recipe alone says about its data."""

from __future__ import annotations

from cnncli.recipe.named_inputs import Input, inputs_of, layers_after, shapes_of, without_names
from cnncli.recipe.schema import Recipe


def declared_classes(recipe: Recipe) -> int | None:
    """The number of classes, where the recipe alone tells it."""
    return recipe.data.classes or recipe.data.source.settings.class_count()


def declared_shape(recipe: Recipe) -> tuple[int, ...] | dict[str, tuple[int, ...]] | None:
    """The shape of what the network takes of one raw example, where the recipe alone tells it; of several inputs by name."""
    if (shape := shapes_of(recipe.model)) is not None:
        return shape
    if recipe.data.windows is not None:
        whole = recipe.data.source.settings.example_shape()
        return (*recipe.data.windows.size, whole[-1]) if whole else None
    if recipe.data.inputs is None and (own := recipe.data.source.settings.example_shape()) is not None:
        return own
    shapes = {each.name: shape_of_input(recipe, each) for each in inputs_of(recipe.data)}
    known = {name: shape for name, shape in shapes.items() if shape is not None}
    return without_names(known) if known.keys() == shapes.keys() else None


def shape_of_input(recipe: Recipe, own: Input) -> tuple[int, ...] | None:
    """The shape of one input, where its columns tell it, or the layer that it enters takes text."""
    columns = recipe.data.inputs[own.name] if recipe.data.inputs else None
    if columns is not None and (shape := columns.input_shape()) is not None:
        return shape
    return () if _is_text(own, recipe) else None


def _is_text(own: Input, recipe: Recipe) -> bool:
    """Whether the first layer that an input enters takes text."""
    first, *_ = [*own.prepare, *layers_after(recipe, own.name), None]
    if first is None or first.kind != "layers":
        return False
    return first.name == "TextVectorization" or (first.name == "StringLookup" and not first.args.get("invert"))
