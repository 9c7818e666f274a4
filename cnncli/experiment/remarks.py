"""What is not wrong in a recipe and its data together, but worth a word."""

from __future__ import annotations

from itertools import islice

import numpy as np

from cnncli.data.examples import Examples, Splits
from cnncli.data.stored import ArrayRows, as_stored
from cnncli.errors import Problem
from cnncli.recipe.objects import KerasObject
from cnncli.recipe.schema import Recipe

_NORMALIZING = (
    *("Rescaling", "Normalization", "BatchNormalization", "LayerNormalization", "GroupNormalization"),
    *("UnitNormalization", "RMSNormalization"),
)
_LOOKED_AT = 1000  # examples
_SMALL = 100  # what is scaled to 0 to 1, or to mean 0 and variance 1, never gets there


def remarks(recipe: Recipe, splits: Splits) -> list[Problem]:
    """Notes, each with the key of the recipe that it is about."""
    if not _goes_up_to_255(splits.train):
        return []
    return [*_narrow_augmentation(recipe), *_unscaled(recipe)]


def _narrow_augmentation(recipe: Recipe) -> list[Problem]:
    """Augmentation comes before `prepare`; one that is told of a smaller range cuts everything off above it."""
    found = []
    for index, layer in enumerate(recipe.data.augment):
        limits = layer.args.get("value_range")
        known = (
            [limit for limit in limits if isinstance(limit, int | float)] if isinstance(limits, list | tuple) else []
        )
        if known and max(known) <= 1:
            message = f"{layer.name} takes its images to be numbers up to {max(known):g}, and they go up to 255"
            hint = "`augment` comes before `prepare`: value_range: [0, 255]"
            found.append(Problem(message, hint, path=("data", "augment", index)))
    return found


def _unscaled(recipe: Recipe) -> list[Problem]:
    if _scales(recipe):
        return []
    message = "the inputs are numbers from 0 to 255, and no layer scales them"
    hint = "networks learn from small numbers: `prepare: [Rescaling: {scale: $(1 / 255)}]` in `data`"
    return [Problem(message, hint, path=("data", "prepare"))]


def _goes_up_to_255(examples: Examples) -> bool:
    inputs = examples.inputs
    if not isinstance(inputs, np.ndarray | ArrayRows):  # images in files
        return True
    some = as_stored(inputs).read(np.arange(0, len(inputs), max(1, len(inputs) // _LOOKED_AT)))
    return bool(np.min(some) >= 0 and _SMALL < np.max(some) <= 255)


def _scales(recipe: Recipe) -> bool:
    """Whether the numbers become small before, in or right behind the first layer with a kernel."""
    layers = iter([*recipe.data.prepare, *recipe.model.layers])
    for layer in layers:
        if layer.kind == "applications" or _normalizes(layer):
            return True
        if "kernel_initializer" in (layer.entry.arguments or {}):
            break
    return any(_normalizes(layer) for layer in islice(layers, 1))


def _normalizes(layer: KerasObject) -> bool:
    return layer.entry.canonical in _NORMALIZING
