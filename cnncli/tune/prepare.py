"""Prepare a sweep: its folder, its storage and its study, from a recipe and the options of the command line."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from optuna import Study

from cnncli import __version__
from cnncli.errors import OutputError, Place, Problem, UsageError
from cnncli.recipe.load import LoadedRecipe
from cnncli.recipe.metrics import best_direction
from cnncli.recipe.phases import epochs_of
from cnncli.recipe.schema_tune import Tune
from cnncli.recipe.search_space import TUNE
from cnncli.recipe.write import as_yaml
from cnncli.recipe.yaml.nodes import plain
from cnncli.tune.best_recipe import base_recipe
from cnncli.tune.space import Space
from cnncli.tune.study import Search
from cnncli.tune.study_storage import absolute, shown
from cnncli.tune.sweep import Sweep, open_sweep
from cnncli.tune.sweep_folder import SweepFolder, new_name, sweep_folder, sweeps

_TRIALS = 20
_EPOCHS = "train.epochs"


@dataclass(frozen=True)
class SweepOptions:
    """What the command line says of a sweep.

    Attributes:
        outputs: the folder of all runs.
        name: of the sweep; None: a new one, or with `resume` the newest that is not finished.
        storage: None: a journal in the folder of the sweep.
        trials: None: as the recipe says.
    """

    outputs: Path
    name: str | None = None
    resume: bool = False
    storage: str | None = None
    trials: int | None = None
    workers: int = 1
    device: str | None = None
    command_line: tuple[str, ...] = ()


@dataclass(frozen=True)
class Prepared:
    """A sweep whose study is open.

    Attributes:
        seed: of the sweep.
        recipe: the content of its recipe.
    """

    sweep: Sweep
    study: Study
    seed: int
    recipe: bytes


def prepare(loaded: LoadedRecipe, options: SweepOptions) -> Prepared:
    """Make or find the folder and the study of a sweep.

    Raises:
        RecipeError: the name is not allowed.
        OutputError: there is no such sweep, it is of something else, or nothing can be written.
        UsageError: the storage is wrong.
    """
    tune = tune_of(loaded)
    if options.storage is not None and not options.storage.strip():
        hint = "leave it out for a journal in the folder of the sweep"
        raise UsageError(Problem("expected a URL or a path, got nothing", hint, Place("--storage")))
    folder = _folder(loaded, options)
    recorded = folder.read_record()
    storage = folder.storage(options.storage or _recorded_storage(recorded))
    base = base_recipe(loaded.written, loaded.recipe.name)
    space = Space(tune.parameters)
    sweep = Sweep(
        folder,
        storage,
        space,
        search_of(loaded),
        tune.metric,
        options.trials or trials_of(tune),
        options.workers,
        tune.max_time,
        _settled(loaded, tune),
        loaded.recipe.train.seed,
        options.device,
    )
    if recorded:  # before anything of an existing sweep is touched
        _refuse_other(recorded.get("settled"), sweep)
    opened = open_sweep(sweep) if options.storage else None  # before a folder is made: it may be wrong
    folder.fill(
        base,
        {
            "version": __version__,
            "recipe": loaded.recipe.name,
            "name": folder.name,
            "metric": tune.metric,
            "direction": sweep.search.direction,
            "sampler": tune.sampler,
            "pruner": tune.pruner,
            "trials": sweep.trials,
            "parameters": {key: each.model_dump(exclude_none=True) for key, each in tune.parameters.items()},
            "storage": shown(absolute(storage)) if options.storage or recorded.get("storage") else None,
            "settled": sweep.settled,
            "command_line": list(options.command_line),
        },
    )
    study, seed = opened or open_sweep(sweep)
    return Prepared(sweep, study, seed, folder.recipe.read_bytes())


def tune_of(loaded: LoadedRecipe) -> Tune:
    """The section `tune`; the command line has made sure that there is one."""
    assert loaded.recipe.tune is not None
    return loaded.recipe.tune


def trials_of(tune: Tune) -> int:
    """How many trials a recipe asks for."""
    if tune.trials is not None:
        return tune.trials
    return int(Space(tune.parameters).grid_size) if tune.sampler == "grid" else _TRIALS


def search_of(loaded: LoadedRecipe) -> Search:
    """How the study of a recipe searches."""
    tune = tune_of(loaded)
    direction = tune.direction or best_direction(tune.metric)
    assert direction is not None  # a rule of recipes
    epochs = epochs_of(loaded.recipe)
    if (searched := tune.parameters.get(_EPOCHS)) is not None:
        epochs = max(epochs, *(end for end in searched.ends if isinstance(end, int)))
    return Search(direction, tune.sampler, tune.pruner, tune.warmup_epochs, epochs)


def _folder(loaded: LoadedRecipe, options: SweepOptions) -> SweepFolder:
    name = options.name
    if options.resume and name is None:
        stopped = [each for each in sweeps(options.outputs, loaded.recipe.name) if not each.is_finished]
        if not stopped:
            message = f"no sweep in {options.outputs / loaded.recipe.name} is unfinished"
            raise OutputError(Problem(message, "start one: leave out --resume", Place("--resume")))
        return stopped[0]
    folder = sweep_folder(options.outputs, loaded.recipe.name, name or new_name())
    if options.resume and not folder.path.exists():
        known = [each.name for each in sweeps(options.outputs, loaded.recipe.name)]
        hint = f"the sweeps: {', '.join(known[:5])}" if known else "leave out --resume to start it"
        raise OutputError(Problem(f"there is no sweep {folder.path}", hint, Place("--resume")))
    return folder


def _recorded_storage(recorded: Mapping[str, Any]) -> str | None:
    """The storage of an earlier call, unless its password is not known.

    Raises:
        OutputError: it has one.
    """
    storage = recorded.get("storage")
    if isinstance(storage, str) and ":***@" in storage:
        raise OutputError(Problem(f"the sweep is in {storage}", "give its URL with the password: --storage URL"))
    return storage if isinstance(storage, str) else None


def _settled(loaded: LoadedRecipe, tune: Tune) -> dict[str, str]:
    """What all calls of a sweep have in common; `trials` and `max_time` may differ."""
    data = plain(loaded.written)
    data.pop(TUNE, None)
    parameters = {key: each.model_dump(exclude_none=True) for key, each in tune.parameters.items()}
    return {
        "recipe": _digest(as_yaml(data)),
        "parameters": _digest(json.dumps(parameters)),
        "metric": tune.metric,
        "direction": search_of(loaded).direction,
        "sampler": tune.sampler,
        "pruner": f"{tune.pruner}, warmup_epochs {tune.warmup_epochs}",
    }


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:16]


def _refuse_other(settled: Any, sweep: Sweep) -> None:
    """Refuse to go on with a sweep of something else.

    Raises:
        OutputError: with what is different.
    """
    if not isinstance(settled, dict):
        return
    if different := [name for name, value in sweep.settled.items() if settled.get(name) != value]:
        message = f"the sweep {sweep.folder.path} has another {' and another '.join(different)}"
        raise OutputError(Problem(message, "start a new sweep: use another --name", Place("--name")))
