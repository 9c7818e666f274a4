"""What a new run of `cnncli train` begins with: its recipe and its trackers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cnncli.cli import folds, options
from cnncli.errors import Place, Problem, UsageError

if TYPE_CHECKING:
    from cnncli.recipe.load import LoadedRecipe


def load_recipe(
    recipe: str | None,
    changes: Sequence[str],
    outputs: Path,
    run: str | None,
    fold: str | None = None,
    *,
    is_worker: bool = False,
) -> LoadedRecipe:
    """A recipe for a new run.

    Args:
        fold: of `--fold`.
        is_worker: another process makes the run's folder.

    Raises:
        UsageError: no recipe is named, or it has no such fold.
    """
    from cnncli.recipe.load import load
    from cnncli.runs import check_name, refuse_taken

    if recipe is None:
        raise UsageError(
            "the argument RECIPE is missing",
            hint="for example: cnncli train mnist; `cnncli recipes` lists the shipped recipes",
        )
    loaded = load(recipe, changes)
    if of_fold := folds.changes_of(fold, loaded):
        loaded = load(recipe, [*changes, *of_fold])
    if run is not None:
        check_name(run)
    if not is_worker:
        refuse_taken(outputs, loaded.recipe.name, run)
    return loaded


def checked_trackers(names: Sequence[str] | None, *, resume: bool) -> tuple[str, ...]:
    """Check `--track`.

    Raises:
        UsageError: there is no such tracker, or the run is resumed: it keeps its trackers.
    """
    from cnncli.recipe.schema_trackers import NAMES

    for name in names or ():
        options.check_choice("--track", name, NAMES)
    if names and resume:
        hint = f"leave out --track, and send the finished run with: cnncli track RUN --to {names[0]}"
        raise UsageError(Problem("a resumed run keeps its trackers", hint, Place("--track")))
    return tuple(dict.fromkeys(names or ()))
