"""Warnings about a recipe together with its data."""

from __future__ import annotations

from itertools import islice

from cnncli import task_registry
from cnncli.data.dataset import Splits
from cnncli.data.scales import Scale
from cnncli.errors import Problem
from cnncli.messages import FEW_EXAMPLES, few_examples_text
from cnncli.recipe.keras_objects.objects import KerasObject
from cnncli.recipe.named_inputs import INPUT, Input, inputs_of, layers_after
from cnncli.recipe.schema import Recipe

_NORMALIZING = (
    *("Rescaling", "Normalization", "BatchNormalization", "LayerNormalization", "GroupNormalization"),
    *("UnitNormalization", "RMSNormalization", "Embedding"),  # the numbers that enter an Embedding are no quantities
)
_OUTLIER = 20  # times the typical value
_SMALL = 100  # what is scaled to 0 to 1, or to mean 0 and variance 1, never gets there


def remarks(recipe: Recipe, splits: Splits) -> list[Problem]:
    """Notes, each with the key of the recipe that it is about."""
    return [*_few_examples(recipe, splits), *_scaling(recipe, splits)]


def _few_examples(recipe: Recipe, splits: Splits) -> list[Problem]:
    """The split that is scored has too few examples for a claim."""
    name = recipe.evaluate.split
    count = len(getattr(splits, name))
    if count >= FEW_EXAMPLES:
        return []
    message = few_examples_text(name, count)
    hint = task_registry.part(splits.targets.task, "console").few_examples_hint(count)
    return [Problem(message, hint, path=("data", "split"))]


def _scaling(recipe: Recipe, splits: Splits) -> list[Problem]:
    found: list[Problem] = []
    scales = splits.train.scales
    for own in inputs_of(recipe.data):
        scale = scales.get(own.name)
        if scale and min(scale.largest, 5 * scale.typical) > _SMALL:
            found += [*_narrow_augmentation(own, scale), *_unscaled(recipe, own, scale)]
    return found


def _narrow_augmentation(own: Input, scale: Scale) -> list[Problem]:
    """Augmentation comes before `prepare`; one with a smaller range clips all larger values."""
    found = []
    for index, layer in enumerate(own.augment):
        limits = layer.args.get("value_range")
        known = (
            [limit for limit in limits if isinstance(limit, int | float)] if isinstance(limits, list | tuple) else []
        )
        if known and max(known) <= 1:
            message = (
                f"{layer.name} takes its images to be numbers up to {max(known):g}, and they go up to {scale.high:g}"
            )
            hint = f"`augment` comes before `prepare`: value_range: [{min(scale.low, 0):g}, {scale.high:g}]"
            found.append(Problem(message, hint, path=(*own.path, "augment", index)))
    return found


def _unscaled(recipe: Recipe, own: Input, scale: Scale) -> list[Problem]:
    if _scales(recipe, own):
        return []
    values = "0 to 255" if _SMALL < scale.largest <= 255 and scale.low >= 0 else f"{scale.low:.4g} to {scale.high:.4g}"
    where = ".".join(map(str, own.path))
    subject = "the inputs are" if own.name == INPUT else f"the input `{own.name}` has"
    message = f"{subject} numbers from {values}, and no layer scales them"
    if scale.largest > _OUTLIER * scale.typical:
        message += f"; most of them are near {scale.typical:.4g}"
        hint = (
            f"look at the largest ones, and scale by what is typical: `prepare: [Rescaling: {{scale: …}}]` in `{where}`"
        )
    else:
        bound = "255" if _SMALL < scale.largest <= 255 and scale.low >= 0 else f"{scale.largest:.6g}"
        hint = f"networks learn from small numbers: `prepare: [Rescaling: {{scale: $(1 / {bound})}}]` in `data`"
    return [Problem(message, hint, path=(*own.path, "prepare"))]


def _scales(recipe: Recipe, own: Input) -> bool:
    """Whether the numbers of an input become small before, in or right behind the first layer with a kernel."""
    layers = iter([*own.prepare, *layers_after(recipe, own.name)])
    for layer in layers:
        if layer.kind == "applications" or _normalizes(layer):
            return True
        if "kernel_initializer" in (layer.entry.arguments or {}):
            break
    return any(_normalizes(layer) for layer in islice(layers, 1))


def _normalizes(layer: KerasObject) -> bool:
    return layer.entry.canonical in _NORMALIZING
