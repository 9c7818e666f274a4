"""What a recipe alone says about its data."""

from __future__ import annotations

from cnncli.recipe.named_inputs import shapes_of
from cnncli.recipe.schema import Recipe


def declared_classes(recipe: Recipe) -> int | None:
    """The number of classes, where the recipe alone tells it."""
    return recipe.data.classes or recipe.data.source.settings.class_count()


def declared_shape(recipe: Recipe) -> tuple[int, ...] | dict[str, tuple[int, ...]] | None:
    """The shape of one raw example, where the recipe alone tells it; of several inputs by name."""
    return shapes_of(recipe.model) or recipe.data.source.settings.example_shape()
