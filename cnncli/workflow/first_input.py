"""Check what enters the first layers with weights: values that are not finite, constant, tiny or outside an Embedding."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from cnncli.data.dataset import Splits
from cnncli.data.input_values import InputValues
from cnncli.data.windowed_examples import central_windows
from cnncli.errors import DataError, Problem
from cnncli.inputs import kind_of
from cnncli.network.build import Network
from cnncli.network.entry import entering_values, entry_tensors, outside_embeddings
from cnncli.recipe.layers import path_of
from cnncli.recipe.named_inputs import Input, inputs_of, layers_after
from cnncli.recipe.schema import Recipe

_EXAMPLES = 64
_MOST_VALUES = 1 << 23  # of a batch that is looked at: of large photos fewer are taken
_TINY = 0.02  # what goes up to 1 and is divided by 255 goes up to 0.004
_SMALL_PIXELS = 2.0  # no image of 0 to 255 stays below
_HUGE = 500.0  # beyond raw pixels


def check_first_input(recipe: Recipe, network: Network, splits: Splits) -> list[Problem]:
    """Run some training examples through `prepare` and all other layers before the first weights, and look at the result.

    Args:
        network: may be built symbolically.

    Returns:
        Remarks, each with the key of the recipe to change.

    Raises:
        DataError: the values are not finite, or an Embedding has no row for some of them.
    """
    entries = entry_tensors(network.full_model)
    outside = outside_embeddings(network.full_model, *(part.examples for part in splits.parts))
    if outside:
        raise DataError(replace(problem, path=path_of(recipe.model.layers, name)) for name, problem in outside)
    batch = _some(splits)
    found: list[Problem] = []
    inputs = {own.name: own for own in inputs_of(recipe.data)}
    values = entering_values(network.full_model, [entry.tensor for entry in entries], batch)
    looked_at: set[str] = set()
    for entry, entering in zip(entries, values, strict=True):
        name, path = entry.layer.name, inputs[min(entry.inputs, key=list(inputs).index)].path
        if not np.isfinite(entering).all():
            message = f"NaN or infinity enters `{name}`: the layers before it make it of the data"
            hint = "look at `prepare`: a scale, a mean or a variance may be wrong"
            raise DataError(Problem(message, hint, path=(*path, "prepare")))
        if not entry.is_embedded and len(entry.inputs) == 1 and not entry.inputs <= looked_at:
            [source] = entry.inputs
            looked_at.add(source)
            raw = batch[source] if isinstance(batch, dict) else batch
            if not kind_of(raw.shape[1:]).ARE_NUMBERS:
                continue
            found += _remarks(recipe, inputs[source], name, entering, raw, splits.train.files is not None)
    return found


def _some(splits: Splits) -> InputValues:
    shapes = [column.shape[1:] for column in splits.train.inputs.values()]
    numbers = sum(kind_of(shape).size_of(shape) for shape in shapes)
    count = max(2, min(_EXAMPLES, _MOST_VALUES // max(1, numbers)))
    every = len(splits.train)
    return central_windows(splits.train, splits.windows).read(
        np.unique(np.linspace(0, every - 1, min(count, every)).astype(np.int64))
    )


def _remarks(
    recipe: Recipe,
    own: Input,
    name: str,
    values: NDArray[np.float32],
    batch: NDArray[np.generic],
    are_files: bool,
) -> Iterator[Problem]:
    prepare = (*own.path, "prepare")
    low, high, raw_low, raw_high = (float(end) for end in (values.min(), values.max(), batch.min(), batch.max()))
    largest, raw_largest = max(abs(low), abs(high)), max(abs(raw_low), abs(raw_high))
    application = _application_without_scaling(recipe, own)
    if len(batch) > 1 and (values == values[:1]).all():
        if (batch == batch[:1]).all():
            message = f"all {len(batch)} training examples that were compared are equal"
            yield Problem(message, "a network learns nothing from them", path=("data", "source"))
        else:
            message = f"the same values enter `{name}` for every example: {low:.4g} to {high:.4g}"
            yield Problem(message, "look at the scale of the layers in `prepare`", path=prepare)
    elif application and raw_low >= 0 and raw_high <= _SMALL_PIXELS:
        message = f"{application} expects pixels from 0 to 255, and the data goes from {raw_low:.4g} to {raw_high:.4g}"
        yield Problem(message, "`prepare: [Rescaling: {scale: 255}]` scales it to this range", path=prepare)
    elif largest > _HUGE and not application and (scaling := _scaling(own)) is not None:
        message = (
            f"values from {low:.4g} to {high:.4g} enter `{name}`: the data goes from {raw_low:.4g} to {raw_high:.4g}"
        )
        yield Problem(
            message, "look at the scale of this layer: networks learn from small numbers", path=(*prepare, scaling)
        )
    elif largest < _TINY and not application and not are_files:
        enters = f"values from {low:.2g} to {high:.2g} enter `{name}`"
        scaling = _scaling(own)
        if scaling is not None and largest < raw_largest:
            message = f"{enters}: the data goes from {raw_low:.4g} to {raw_high:.4g} before this layer"
            yield Problem(message, "leave the layer out: the data is scaled already", path=(*prepare, scaling))
        else:
            hint = "networks learn slowly from numbers this small: `prepare: [Rescaling: {scale: …}]` makes them larger"
            yield Problem(enters, hint, path=prepare)


def _scaling(own: Input) -> int | None:
    """Which layer of `prepare` scales; None where none does."""
    layers = enumerate(own.prepare)
    return next((index for index, layer in layers if layer.name in ("Rescaling", "Normalization")), None)


def _application_without_scaling(recipe: Recipe, own: Input) -> str:
    """The application that an input enters; empty where there is none, or where a layer scales before it."""
    for layer in [*own.prepare, *layers_after(recipe, own.name)]:
        if layer.kind == "applications":
            return layer.name
        if layer.name in ("Rescaling", "Normalization") or "kernel_initializer" in (layer.entry.arguments or {}):
            return ""
    return ""
