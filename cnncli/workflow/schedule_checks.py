"""Check learning rate schedules: epochs that would train at a rate of 0."""

from __future__ import annotations

import bisect
from collections.abc import Callable

from cnncli.errors import Problem
from cnncli.network.instantiate import make
from cnncli.recipe.keras_objects.objects import KerasObject
from cnncli.recipe.phases import TrainingPhase, phases_of
from cnncli.recipe.schema import Recipe

_ZERO = 1e-12  # a learning rate that changes no float32 weight


def epochs_without_learning(recipe: Recipe, steps_per_epoch: int, *, is_resumed: bool = False) -> list[Problem]:
    """Notes on phases whose last epochs train at learning rate 0.

    A schedule that reaches 0 within the last epoch is right, and so is one that ends above 0.

    Args:
        recipe: its schedules are counted in steps.
        steps_per_epoch: of the optimizer.
        is_resumed: a run that goes on cannot change its schedule; the hint says so.
    """
    own = [phase.optimizer for phase in recipe.train.phases] or [recipe.train.optimizer]
    found = []
    for phase, written in zip(phases_of(recipe), own, strict=True):
        rate = phase.optimizer.args.get("learning_rate")
        place = phase.path if written is not None else ("train",)
        path = (*place, "optimizer", phase.optimizer.name, "learning_rate")
        if isinstance(rate, KerasObject) and not rate.is_identifier:
            note = _of_schedule(phase, rate, steps_per_epoch, is_resumed=is_resumed)
            found += [Problem(*note, path=(*path, rate.name))] if note else []
        elif isinstance(rate, int | float) and 0 <= rate <= _ZERO:
            message = f"{_epochs(phase, 1)} at a learning rate of {rate:g}: nothing is learned"
            found.append(Problem(message, "0.001 is a usual rate for Adam, 0.1 for SGD", path=path))
    return found


def _of_schedule(
    phase: TrainingPhase, schedule: KerasObject, steps_per_epoch: int, *, is_resumed: bool
) -> tuple[str, str] | None:
    """The message and the hint where at least one whole epoch is left after the rate has become 0."""
    made = make(schedule)
    steps = phase.epochs * steps_per_epoch
    first = _first_zero(lambda step: float(made(step)) <= _ZERO, steps)
    epochs_before = -(-first // steps_per_epoch)
    if epochs_before >= phase.epochs or steps - first < 2:
        return None
    after = (
        "from its first step" if first == 0 else f"after {first:,} steps, which is {first / steps_per_epoch:.4g} epochs"
    )
    message = f"{_epochs(phase, epochs_before + 1)} at a learning rate of 0: {schedule.name} is 0 {after}"
    way_out = f"a schedule as long as the training (`{phase.epochs} epochs`), or one that ends above 0"
    if is_resumed:
        return (
            message,
            f"nothing is learned there, and a resumed run keeps its schedule\nstart a new run with {way_out}",
        )
    return message, f"nothing is learned there: use {way_out}, or fewer epochs"


def _first_zero(is_zero: Callable[[int], bool], steps: int) -> int:
    """The step with which the zeros at the end begin; `steps` where the last one is not zero."""
    if not is_zero(steps - 1):
        return steps
    return bisect.bisect_left(range(steps), True, key=is_zero)


def _epochs(phase: TrainingPhase, first: int) -> str:
    named = f"phase {phase.name}: " if phase.name else ""
    if first == phase.epochs:
        return f"{named}epoch {first} trains"
    return f"{named}epochs {first} to {phase.epochs} train"
