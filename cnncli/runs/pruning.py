"""Choose the runs that `cnncli runs prune` deletes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from cnncli.runs.listing import ListedRun, sort

_NEVER = ("running", "broken")


def prunable(runs: Sequence[ListedRun], *, keep: int, keep_best: bool = False) -> list[ListedRun]:
    """Choose the runs that are older than the newest `keep` of their recipe.

    A run that is being trained, that has a note, or whose record cannot be read is never chosen.

    Args:
        runs: the newest first.
        keep_best: nor are the runs with the best score of their recipe, one for each metric.
    """
    of_recipe: dict[str, list[ListedRun]] = defaultdict(list)
    for run in runs:
        of_recipe[run.summary.recipe].append(run)
    kept = {id(run) for same in of_recipe.values() for run in same[:keep]}
    if keep_best:
        kept |= {id(run) for same in of_recipe.values() for run in _best(same)}
    return [run for run in runs if id(run) not in kept and not run.note and run.summary.status not in _NEVER]


def _best(runs: Sequence[ListedRun]) -> list[ListedRun]:
    """The best run by each score that runs are listed with."""
    found: dict[str, ListedRun] = {}
    for run in sort(runs, "test"):
        if run.score is not None:
            found.setdefault(run.score[0], run)
    return list(found.values())
