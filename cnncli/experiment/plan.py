"""A recipe and its data -> a plan: everything is checked that can be, and nothing is written."""

from __future__ import annotations

import math
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cnncli import runs
from cnncli.data.examples import Splits
from cnncli.data.load import load as load_data
from cnncli.errors import CnncliError, Problem, RecipeError
from cnncli.experiment.spectator import Spectator, timed
from cnncli.figures import of_run
from cnncli.network import budget
from cnncli.network.build import Network, build_symbolically
from cnncli.network.checks import check_expected, learning_params
from cnncli.recipe.load import LoadedRecipe
from cnncli.recipe.outputs import Output, outputs_of
from cnncli.recipe.phases import epochs_of
from cnncli.recipe.schema import LARGEST_SEED, Recipe
from cnncli.training import devices, precision
from cnncli.training.labels import encoding_of


@dataclass(frozen=True)
class Options:
    """What the command line adds to a recipe.

    Attributes:
        outputs: the folder of all runs.
        run_name: of this run; None for a time and a random id.
        device: `auto`, `cpu` or `gpu`; None leaves it to the recipe.
        command_line: for the record.
    """

    outputs: Path
    run_name: str | None = None
    device: str | None = None
    command_line: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plan:
    """What will be trained, on what, and why so; everything is checked and nothing is written yet.

    Attributes:
        learning_params: for each phase, how many parameters learn in it.
        outputs: of the network; the first is the main one.
        encodings: of the labels, by output; see `cnncli.data.pipeline.Batches`.
        seconds: what it took so far, by stage.
    """

    loaded: LoadedRecipe
    splits: Splits
    device: devices.Device
    precision: precision.Precision
    budget: budget.Budget
    learning_params: tuple[int, ...]
    outputs: tuple[Output, ...]
    encodings: dict[str, str]
    steps_per_epoch: int
    batch_size: int
    seconds: dict[str, float]

    @property
    def recipe(self) -> Recipe:
        return self.loaded.recipe

    @property
    def epochs(self) -> int:
        return epochs_of(self.recipe)


def make_plan(loaded: LoadedRecipe, options: Options, spectator: Spectator) -> Plan:
    """Read the data and check everything that can be checked before training; nothing is written.

    Raises:
        CnncliError: with the place in the recipe, where it has one.
    """
    seconds: dict[str, float] = {}
    environment = runs.environment()
    cpu = environment["cpu"]
    with placed_in(loaded), timed(seconds, "data", spectator):
        recipe = loaded.recipe
        device = devices.choose(options.device or recipe.train.device, cpu_name=cpu.get("model") or "CPU")
        chosen = precision.choose(recipe.train.precision, device, cpu_flags=cpu.get("flags") or ())
        splits = load_data(recipe.data, input_shape=recipe.model.input, progress=spectator.loading)
    for note in [*loaded.warnings, *loaded.locate(splits.notes)]:
        spectator.note(note)
    if chosen.warning:
        spectator.note(Problem(chosen.warning, place=loaded.place(("train", "precision"))))
    steps_per_epoch = math.ceil(len(splits.train) / recipe.train.batch_size)
    loaded = _filled_in(loaded.resolve(classes=len(splits.class_names), steps_per_epoch=steps_per_epoch), splits)
    with placed_in(loaded):
        symbolic = build_symbolically(loaded.recipe, input_shape=splits.input_shape)
        learning = learning_params(symbolic, loaded.recipe)
        counted = budget.measure(symbolic, batch_size=recipe.train.batch_size, trainable_params=max(learning))
        of_run.check_layers(loaded.recipe, symbolic.full_model)
        check_expected(loaded.recipe, symbolic, counted)
        budget.check(
            counted,
            batch_size=recipe.train.batch_size,
            available=environment.get("memory_bytes") or 1 << 62,
            device="this machine",
        )
        outputs = tuple(outputs_of(loaded.recipe))
        encodings = {output.name: _encoding(output, symbolic, splits) for output in outputs}
    return Plan(
        loaded,
        splits,
        device,
        chosen,
        counted,
        tuple(learning),
        outputs,
        encodings,
        steps_per_epoch,
        recipe.train.batch_size,
        seconds,
    )


def _filled_in(loaded: LoadedRecipe, splits: Splits) -> LoadedRecipe:
    """The recipe with what the data and chance decide: input shape, loss, seed."""
    recipe = loaded.recipe
    losses = {output.name: output.loss for output in outputs_of(recipe)}
    missing = [name for name, loss in losses.items() if loss is None]
    if missing:
        message = f"`loss` is missing in `train`: none follows from layer `{missing[0]}`"
        raise loaded.located(RecipeError(Problem(message, path=("train",))))
    train: dict[str, Any] = {"loss": losses if recipe.model.outputs else next(iter(losses.values()))}
    train["seed"] = secrets.randbelow(LARGEST_SEED) if recipe.train.seed is None else recipe.train.seed
    update = {
        "train": recipe.train.model_copy(update=train),
        "model": recipe.model.model_copy(update={"input": list(splits.input_shape)}),
    }
    return replace(loaded, recipe=recipe.model_copy(update=update))


def _encoding(output: Output, network: Network, splits: Splits) -> str:
    assert output.loss is not None
    units = network.output_shape(output.name)[-1]
    return encoding_of(output.loss, outputs=units or 0, class_count=len(splits.class_names))


@contextmanager
def placed_in(loaded: LoadedRecipe) -> Iterator[None]:
    """Give the problems of an error their places in the recipe."""
    try:
        yield
    except CnncliError as error:
        raise loaded.located(error) from error
