"""One trial: the recipe with the values of a trial, trained without a run, and scored on its validation examples."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cnncli.errors import Problem
from cnncli.recipe.growth import WRITTEN_OUT
from cnncli.recipe.load import LoadedRecipe, load_bytes
from cnncli.training.augmentation import of_task
from cnncli.training.fit import fit
from cnncli.training.out_of_memory import reraise_out_of_memory
from cnncli.workflow.between_trainings import forget_the_training_before
from cnncli.workflow.plan import Options, Plan
from cnncli.workflow.planning import make_plan
from cnncli.workflow.problem_places import placed_in
from cnncli.workflow.run import build_network
from cnncli.workflow.shared_data import SharedData

Report = Callable[[int, Mapping[str, Any]], None]


@dataclass(frozen=True)
class Outcome:
    """What a trial gave.

    Attributes:
        value: of the metric at the best epoch, whose weights `cnncli train` would keep; None where it has no value.
        best_epoch: from 1.
        row: the history of that epoch: losses, metrics, learning rate.
        epochs: how many were trained.
        seconds: of all of it; `fit` of training and validation alone.
    """

    value: float | None
    best_epoch: int
    row: Mapping[str, Any]
    epochs: int
    seconds: float
    fit_seconds: float


def load_trial(content: bytes, file: str, settings: Sequence[str]) -> LoadedRecipe:
    """The recipe of a sweep with the values of a trial, without what a trial does not do: pictures and expectations.

    Raises:
        RecipeError: the values do not go together.
    """
    return load_bytes(content, file, [*settings, "visualize=[]", "expect={}"], bounds=WRITTEN_OUT)


def train_trial(loaded: LoadedRecipe, options: Options, shared: SharedData, metric: str, report: Report) -> Outcome:
    """Train a recipe as `cnncli train` does, but without a run: nothing is written, tested or drawn.

    Args:
        shared: the data of the trials before.
        metric: a column of the history.
        report: called after each epoch with its number and its row of the history; what it raises ends the training.

    Raises:
        CnncliError: as `make_plan`, `build_network` and `fit`.
    """
    started = time.monotonic()
    forget_the_training_before()
    watching = _Watching(report)
    planned = make_plan(loaded, options, watching, shared)
    network = build_network(planned, watching)
    with placed_in(planned.loaded), reraise_out_of_memory(planned.batch_size):
        fitted = fit(
            network,
            planned.recipe,
            planned.training_batches(network),
            planned.validation_batches(network),
            observer=watching,
            augment=of_task(planned.splits.targets.task, network),
        )
    row = fitted.history[fitted.best_epoch - 1]
    value = row.get(metric)
    return Outcome(
        None if value is None else float(value),
        fitted.best_epoch,
        {name: value for name, value in row.items() if name not in ("epoch", "seconds")},
        len(fitted.history),
        time.monotonic() - started,
        fitted.seconds,
    )


class _Watching:
    """Passes on what happens after each epoch, and nothing else."""

    def __init__(self, report: Report) -> None:
        self._report = report

    def epoch_ended(self, epoch: int, row: Mapping[str, Any]) -> None:
        self._report(epoch, row)

    def epoch_begins(self, epoch: int) -> None: ...

    def step_done(self, epoch: int, step: int, logs: Mapping[str, float]) -> None: ...

    def loading(self, what: str, done: int, total: int) -> None: ...

    def waiting(self, callback: str, monitor: str, epochs: int, patience: int) -> None: ...

    def checkpoint_written(self, epoch: int, step: int) -> None: ...

    def stopping(self, number: int) -> None: ...

    def stage(self, name: str) -> None: ...

    def note(self, problem: Problem) -> None: ...

    def ready(self, plan: Plan) -> None: ...

    def run_made(self, path: Path) -> None: ...

    def continuing(self, epoch: int, step: int, rows: Sequence[Mapping[str, Any]]) -> None: ...
