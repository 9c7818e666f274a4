"""Artificial inputs for small networks, for their first outputs and losses without data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncli.data.encoding import Encoding
from cnncli.data.input_values import InputValues, mapped
from cnncli.data.targets import TargetInfo
from cnncli.errors import RecipeError
from cnncli.inputs import kind_of
from cnncli.network.checks import Checked
from cnncli.network.entry import entry_tensors
from cnncli.recipe.named_inputs import Input, by_name, inputs_of
from cnncli.recipe.outputs import outputs_of
from cnncli.recipe.schema import Recipe
from cnncli.training.steps import known_multiply_adds
from cnncli.workflow.first_loss import Batch, check_first_loss

# Of what is computed in a fraction of a second.
_MOST_PARAMS = 2_000_000
_MOST_MULTIPLY_ADDS = 200_000_000
_MOST_ACTIVATIONS = 10_000_000
_MOST_LAYERS = 150
_EXAMPLES = 2
_WORD = "word"  # that no vocabulary of stand-ins has
_SMALL_SCALE = 0.01  # scales 0 to 255 to small numbers


def try_stand_ins(
    checked: Checked, targets: TargetInfo | None = None, encodings: Mapping[str, Encoding] | None = None
) -> None:
    """Compute the first outputs and losses of a small network on made-up examples; of a large one nothing.

    The examples are in the range that the data will probably have. An error that depends on their values says nothing
    about the data, and is left to the data.

    Args:
        targets, encodings: None where too little is known of the targets: no loss is computed then.

    Raises: as `check_first_loss`.
    """
    recipe, network = checked.loaded.recipe, checked.network
    largest = {own.name: _largest(recipe, own, checked) for own in inputs_of(recipe.data)}
    if None in largest.values() or not _is_small(checked):
        return
    random = np.random.default_rng(0)
    made: dict[str, NDArray[Any]] = {
        name: random.uniform(0, largest[name] or 0.0, (_EXAMPLES, *shape)).astype(np.float32)
        if kind_of(shape).ARE_NUMBERS
        else np.array([f"a {_WORD}" for _ in range(_EXAMPLES)], object)
        for name, shape in by_name(checked.input_shape).items()
    }
    inputs: InputValues = made if len(made) > 1 else next(iter(made.values()))
    batch = Batch(inputs, targets.stand_ins(_EXAMPLES) if targets else None, encodings or {})
    outputs = outputs_of(recipe)
    try:
        check_first_loss(recipe, network, outputs, batch)
    except RecipeError:
        check_first_loss(recipe, network, outputs, replace(batch, inputs=mapped(_zeros, inputs)))


def _zeros(values: NDArray[Any]) -> NDArray[Any]:
    return np.zeros_like(values) if values.dtype != object else values


def _is_small(checked: Checked) -> bool:
    multiply_adds = known_multiply_adds(checked.network)
    return (
        checked.budget.params <= _MOST_PARAMS
        and multiply_adds is not None
        and multiply_adds <= _MOST_MULTIPLY_ADDS
        and checked.budget.activations <= _MOST_ACTIVATIONS
        and len(checked.network.full_model.layers) <= _MOST_LAYERS
    )


def _largest(recipe: Recipe, own: Input, checked: Checked) -> float | None:
    """The largest number of the made-up examples of an input; the smallest is 0. None where nothing is known of them.

    Pixels go up to 255. Of arrays nothing is known but how they are scaled: what is divided by a large number is large.
    An Embedding has rows for some numbers alone, of which 0 is one; what is computed before it must fit the data.
    """
    if not kind_of(by_name(checked.input_shape)[own.name]).ARE_NUMBERS:
        return 0.0
    entries = entry_tensors(checked.network.full_model)
    if any(entry.is_embedded and own.name in entry.inputs for entry in entries):
        return None if own.prepare else 0.0
    scales = [layer.args.get("scale") for layer in own.prepare if layer.name == "Rescaling"]
    is_scaled = any(isinstance(scale, int | float) and abs(scale) <= _SMALL_SCALE for scale in scales)
    return 255.0 if recipe.data.source.settings.are_pixels or is_scaled else 1.0
