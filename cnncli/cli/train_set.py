"""`cnncli train --fold all` and `--repeat`: several runs of one recipe."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cnncli.cli import folds, resumed_run, training_processes
from cnncli.cli.new_run import load_recipe
from cnncli.errors import Place, Problem, UsageError

_MOST_REPEATS = 1000


def check_options(fold: str | None, repeat: int | None, others: Mapping[str, bool]) -> None:
    """Refuse what does not go with several trainings.

    Raises:
        UsageError: for all that is wrong.
    """
    if repeat is None:
        folds.check_options(others)
    elif not 2 <= repeat <= _MOST_REPEATS:
        raise UsageError(Problem(f"expected 2 to {_MOST_REPEATS:,}, got {repeat}", place=Place("--repeat")))
    else:
        folds.check_options({"--fold": fold is not None, **others}, "--repeat")
    training_processes.check_alone("--fold all" if repeat is None else "--repeat")


def train_set(
    recipe: str | None, changes: Sequence[str], choices: folds.Choices, *, resume: bool, repeat: int | None
) -> None:
    """Train all folds or repetitions of a recipe, or go on with a set of them."""
    if resume:
        if choices.dry_run:
            option = "--fold all" if repeat is None else "--repeat"
            raise UsageError(Problem(f"this option does not go with --resume {option}", place=Place("--dry-run")))
        resumed_run.refuse_changes(changes, choices.run)
        folds.resume_all(recipe, changes, choices, repeat)
        return
    if repeat is not None:
        folds.train_repeats(load_recipe(recipe, changes, choices.outputs, None), recipe or "", changes, repeat, choices)
        return
    loaded = load_recipe(recipe, changes, choices.outputs, None, folds.ALL)
    if loaded.recipe.data.split.fold is not None:
        raise UsageError(Problem("`data.split.fold` names one fold", "leave it out", Place("--fold")))
    folds.train_all(loaded, recipe or "", changes, choices)
