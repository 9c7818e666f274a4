"""What a recipe alone says about its data."""

from __future__ import annotations

from cnncli.recipe.schema import Recipe

# Of the data sets that have a name: the number of classes, and the shape of one example.
BUILTIN_CLASSES = {"mnist": 10, "mnist-sample": 10, "fashion_mnist": 10, "cifar10": 10, "cifar100": 100}
BUILTIN_SHAPES = {
    "mnist": (28, 28, 1),
    "mnist-sample": (28, 28, 1),
    "fashion_mnist": (28, 28, 1),
    "cifar10": (32, 32, 3),
    "cifar100": (32, 32, 3),
}


def declared_classes(recipe: Recipe) -> int | None:
    """The number of classes, where the recipe alone tells it."""
    builtin = recipe.data.source.builtin
    return recipe.data.classes or (BUILTIN_CLASSES[builtin] if builtin else None)
