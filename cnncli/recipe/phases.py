"""The phases of a training: those that a recipe lists, or one."""

from __future__ import annotations

from dataclasses import dataclass

from cnncli.recipe.keras_objects.objects import KerasObject
from cnncli.recipe.schema import Recipe
from cnncli.recipe.yaml.nodes import Path


@dataclass(frozen=True, slots=True)
class TrainingPhase:
    """One stage of a training, with what it inherits from `train` filled in.

    Attributes:
        name: for people; empty when the training has no phases.
        epochs: at most so many.
        freeze, unfreeze: names and globs of layers that do not learn, and exceptions from them.
        path: where it stands in the recipe.
    """

    name: str
    epochs: int
    freeze: tuple[str, ...]
    unfreeze: tuple[str, ...]
    optimizer: KerasObject
    callbacks: tuple[KerasObject, ...]
    path: Path


def phases_of(recipe: Recipe) -> list[TrainingPhase]:
    """The phases in order; one without a name when the recipe lists none."""
    train = recipe.train
    if not train.phases:
        callbacks = tuple(train.callbacks)
        freeze, unfreeze = tuple(train.freeze), tuple(train.unfreeze)
        return [TrainingPhase("", train.epochs, freeze, unfreeze, train.optimizer, callbacks, ("train",))]
    phases: list[TrainingPhase] = []
    for index, phase in enumerate(train.phases):
        phases.append(
            TrainingPhase(
                name=phase.name or f"phase {index + 1}",
                epochs=phase.epochs or train.epochs,
                freeze=tuple(train.freeze if phase.freeze is None else phase.freeze),
                unfreeze=tuple(train.unfreeze if phase.unfreeze is None else phase.unfreeze),
                optimizer=phase.optimizer or train.optimizer,
                callbacks=tuple(train.callbacks if phase.callbacks is None else phase.callbacks),
                path=("train", "phases", index),
            )
        )
    return phases


def epochs_of(recipe: Recipe) -> int:
    """How many epochs all phases have together, at most."""
    return sum(phase.epochs for phase in phases_of(recipe))
