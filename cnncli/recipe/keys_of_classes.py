"""Keys of `data` that need classes, in recipes whose targets have none."""

from __future__ import annotations

from collections.abc import Iterator

from cnncli.errors import Problem
from cnncli.recipe.schema import Recipe

_KEYS = {
    "class_weight": "weighs classes",
    "classes": "counts classes",
    "balance": "draws classes equally often",
    "per_class": "counts examples of each class",
}


def keys_of_classes(recipe: Recipe, *, allowed: str = "") -> Iterator[Problem]:
    """Report each of these keys that a recipe has.

    Args:
        allowed: a key that means something else to these targets.
    """
    data = recipe.data
    for key, meaning in _KEYS.items():
        if key != allowed and getattr(data, key) is not None:
            yield Problem(
                f"`{key}` {meaning}, and `targets: {data.targets}` has none", "leave it out", path=("data", key)
            )
    if data.split.stratify:
        message = f"`stratify` keeps the share of every class, and `targets: {data.targets}` has none"
        yield Problem(message, "leave it out, or write `stratify: false`", path=("data", "split", "stratify"))
