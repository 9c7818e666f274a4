"""Load the trained model of a run: the network of `resolved.yaml` with the arrays of `model.keras`.

No Keras config is read: what the run's recipe describes is what is opened.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from cnncli.errors import ModelFileError, OutputError
from cnncli.inference import memory_budget, weights
from cnncli.messages import printable
from cnncli.model_file_validation import archive
from cnncli.model_file_validation.stored_arrays import stored_arrays
from cnncli.network.build import Network, build, build_symbolically
from cnncli.recipe.named_inputs import shapes_of
from cnncli.recipe.schema import Recipe
from cnncli.runs.record import MODEL as MODEL_FILE
from cnncli.runs.record import RESOLVED

_ANOTHER = (
    "to use this file, copy it out of the run's folder and name the copy\nto have the run's own model, train again"
)
_POLICIES = ("float32", "mixed_bfloat16", "mixed_float16")


def open_run(path: Path, recipe: Recipe, record: Mapping[str, Any]) -> Network:
    """Rebuild a run's network and give it its trained weights.

    Args:
        path: the run's folder.
        recipe: its resolved recipe, with what its preprocessing learned.
        record: its `run.json`.

    Returns:
        The network, whose `model` is not compiled: raw examples -> the main output.

    Raises:
        ModelFileError: `model.keras` is missing, cut short, no model, another one than the run wrote, or its weights do
            not fit the recipe.
        ResourceError: it does not fit into memory.
        RecipeError: the recipe describes no network.
        OutputError: the record does not say what the network was computed in.
    """
    file = path / MODEL_FILE
    shown, described_by = printable(str(file)), printable(str(path / RESOLVED))
    recipe, shape = _without_pretrained_weights(recipe), shapes_of(recipe.model)
    if shape is None:
        raise OutputError(f"{described_by} is damaged: `model.input` is missing", hint="train it again")
    recorded = _recorded(record)
    wanted_bytes, wanted_sha256 = recorded.get("bytes"), recorded.get("sha256")
    contents = archive.read(
        file,
        wanted_bytes=wanted_bytes if isinstance(wanted_bytes, int) else None,
        with_sha256=wanted_sha256 is not None,
    )
    if wanted_sha256 is not None and contents.sha256 != wanted_sha256:
        raise ModelFileError(f"{shown} is not the model that this run wrote: its SHA-256 differs", hint=_ANOTHER)
    with stored_arrays(contents.weights, shown) as arrays:
        without_values = build_symbolically(recipe, input_shape=shape).model
        weights.check(without_values, arrays, shown=shown, described_by=described_by)
        memory_budget.check_outputs(without_values, shown=shown)
        network = build(recipe, input_shape=shape, policy=_policy(path, record), load_weights=False)
        weights.load(network.model, arrays, shown=shown, described_by=described_by)
    return network


def _without_pretrained_weights(recipe: Recipe) -> Recipe:
    """The file that an application's weights came from is not needed again, and may be gone."""
    layers = [
        replace(layer, args={**layer.args, "weights": None}) if layer.kind == "applications" else layer
        for layer in recipe.model.layers
    ]
    return recipe.model_copy(update={"model": recipe.model.model_copy(update={"layers": layers})})


def _policy(path: Path, record: Mapping[str, Any]) -> str:
    """Keras' dtype policy of the run, which `precision: auto` took by the hardware."""
    said = record.get("precision")
    policy = said.get("policy") if isinstance(said, Mapping) else said  # with its reason until the run has ended
    if policy not in _POLICIES:
        raise OutputError(f"{path / 'run.json'} is damaged: it has no `precision`", hint="train it again")
    return str(policy)


def _recorded(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """Size and SHA-256 of the run's model when the run ended; empty where that is not known."""
    of_model = (artefact for artefact in record.get("artefacts", []) if artefact.get("path") == MODEL_FILE)
    return next(of_model, {})
