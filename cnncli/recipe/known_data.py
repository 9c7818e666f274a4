"""What a recipe alone says about its data."""

from __future__ import annotations

from cnncli.recipe.named_inputs import Input, inputs_of, layers_after, shapes_of, without_names
from cnncli.recipe.schema import Recipe


def declared_classes(recipe: Recipe) -> int | None:
    """The number of classes, where the recipe alone tells it."""
    return recipe.data.classes or recipe.data.source.settings.class_count()


def declared_shape(recipe: Recipe) -> tuple[int, ...] | dict[str, tuple[int, ...]] | None:
    """The shape of one raw example, where the recipe alone tells it; of several inputs by name."""
    inputs = inputs_of(recipe.data)
    if (shape := shapes_of(recipe.model)) is not None:
        return shape
    if recipe.data.inputs is None and (own := recipe.data.source.settings.example_shape()) is not None:
        return own
    return without_names({each.name: () for each in inputs}) if all(_is_text(each, recipe) for each in inputs) else None


def _is_text(own: Input, recipe: Recipe) -> bool:
    """Whether the first layer that an input enters takes text."""
    first, *_ = [*own.prepare, *layers_after(recipe, own.name), None]
    if first is None or first.kind != "layers":
        return False
    return first.name == "TextVectorization" or (first.name == "StringLookup" and not first.args.get("invert"))
