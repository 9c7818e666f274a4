"""Find a learning rate for a plan by a range test; nothing is written."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from cnncli.network.instantiate import make, make_optimizer
from cnncli.recipe.keras_objects.objects import KerasObject
from cnncli.recipe.phases import TrainingPhase, phases_of
from cnncli.recipe.schema import Recipe
from cnncli.training.augmentation import of_task
from cnncli.training.out_of_memory import reraise_out_of_memory
from cnncli.training.range_test import Progress, RangeTest, range_test
from cnncli.training.rate_suggestion import Suggestion, suggest
from cnncli.workflow.plan import Plan
from cnncli.workflow.problem_places import placed_in
from cnncli.workflow.progress_listener import ProgressListener, timed
from cnncli.workflow.run import build_network

_LOOKED_AT = 1000  # steps of a schedule


@dataclass(frozen=True)
class Present:
    """The learning rate of a recipe.

    Attributes:
        optimizer: its class.
        phase: its name; empty where the training has no phases.
        rate: a constant one, or the largest of a schedule.
        schedule: its class; empty where the rate is constant.
        key: the path in the recipe that another rate goes to, as `--set` takes it; empty where one number cannot say it.
    """

    optimizer: str
    phase: str
    rate: float
    schedule: str
    key: str


@dataclass(frozen=True)
class FoundRate:
    """A range test, what it suggests, and what the recipe has."""

    test: RangeTest
    suggestion: Suggestion
    present: Present
    seconds: float

    @property
    def setting(self) -> str:
        """What `--set` takes to use the suggestion; empty where there is none."""
        rate = self.suggestion.rate
        return f"{self.present.key}={rate:g}" if rate is not None and self.present.key else ""


def find_learning_rate(planned: Plan, listener: ProgressListener, progress: Progress) -> FoundRate:
    """Build the network of a plan and try rising learning rates, in the first phase where there are several.

    Args:
        progress: notified of each step.

    Raises:
        Stopped: a signal came.
        CnncliError: as a run.
    """
    recipe = planned.recipe
    listener.ready(planned)
    network = build_network(planned, listener)
    [phase, *_] = phases_of(recipe)
    train = planned.training_batches(network)
    started = time.monotonic()
    with (
        timed(planned.seconds, "fit", listener),
        placed_in(planned.loaded),
        reraise_out_of_memory(planned.batch_size),
    ):
        test = range_test(
            network,
            recipe,
            phase,
            train,
            progress=progress,
            stopping=lambda _: None,
            augment=of_task(planned.splits.targets.task, network),
        )
    suggestion = suggest(test.rates, test.losses)
    return FoundRate(test, suggestion, _present(recipe, phase, planned.steps_per_epoch), time.monotonic() - started)


def _present(recipe: Recipe, phase: TrainingPhase, steps_per_epoch: int) -> Present:
    optimizer: Any = make_optimizer(phase.optimizer)
    name = type(optimizer).__name__ if phase.optimizer.is_identifier else phase.optimizer.name
    is_own = bool(recipe.train.phases) and recipe.train.phases[0].optimizer is not None
    key = f"train.{'phases.0.' if is_own else ''}optimizer.{name}.learning_rate"
    schedule = phase.optimizer.args.get("learning_rate")
    if not isinstance(schedule, KerasObject):
        return Present(name, phase.name, float(optimizer.learning_rate.numpy()), "", key)
    return Present(
        name,
        phase.name,
        _largest(schedule, phase.epochs * steps_per_epoch),
        schedule.name,
        f"{key}.{schedule.name}.{argument}" if (argument := _argument_of_largest(schedule)) else "",
    )


def _largest(schedule: KerasObject, steps: int) -> float:
    """The largest rate of a schedule."""
    made = make(schedule)
    return max(float(made(step)) for step in range(0, steps, max(1, steps // _LOOKED_AT)))


def _argument_of_largest(schedule: KerasObject) -> str:
    """The argument that a schedule's largest rate comes from; empty where several do."""
    if schedule.args.get("warmup_target") is not None:
        return "warmup_target"
    return "initial_learning_rate" if "initial_learning_rate" in (schedule.entry.arguments or {}) else ""
