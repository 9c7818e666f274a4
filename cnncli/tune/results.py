"""What a sweep leaves: the best recipe, the table of trials, the pictures and the page."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cnncli.messages import cell, counted
from cnncli.recipe.write import as_flow
from cnncli.runs.storage import write_atomically
from cnncli.tune.best_recipe import best_recipe
from cnncli.tune.prepare import Prepared
from cnncli.tune.sweep import no_result, reason_of
from cnncli.tune.trial_rows import TrialRow, as_csv, best_of, read_rows

_MOST_FAILURES = 10  # reasons that are listed


@dataclass(frozen=True)
class SweepResult:
    """The result of a sweep.

    Attributes:
        rows: the trials that have begun, by number.
        best: one of them.
        stopped: why it ended before it had all trials; empty where it did not.
    """

    prepared: Prepared
    rows: tuple[TrialRow, ...]
    best: TrialRow
    stopped: str

    @property
    def train_command(self) -> str:
        """The command that trains the best recipe."""
        return f"cnncli train {shlex.quote(str(self.prepared.sweep.folder.best))}"

    @property
    def failures(self) -> list[str]:
        """The reasons for which trials failed, each with how often, the most frequent first: `3 trials: …`."""
        failures = [row.failure for row in self.rows if row.failure is not None]
        counts = Counter(map(reason_of, failures))
        first = {reason_of(failure): failure.message for failure in reversed(failures)}
        return [f"{counted(count, 'trial')}: {first[reason]}" for reason, count in counts.most_common(_MOST_FAILURES)]

    def as_json(self) -> dict[str, Any]:
        """What `cnncli tune --json` prints."""
        sweep = self.prepared.sweep
        folder = sweep.folder
        return {
            "sweep": str(folder.path),
            "status": "completed" if not self.stopped else "stopped",
            "stopped": self.stopped or None,
            "metric": sweep.metric,
            "direction": sweep.search.direction,
            "seed": self.prepared.seed,
            "best": self.best.as_json(),
            "trials": [row.as_json() for row in self.rows],
            "best_recipe": str(folder.best),
            "table": str(folder.table),
            "page": str(folder.page),
            "train": self.train_command,
        }


def conclude(prepared: Prepared, stopped: str) -> SweepResult:
    """Write the table and the best recipe.

    Raises:
        CnncliError: no trial is complete; the table is written all the same.
        OutputError: a file cannot be written.
    """
    sweep = prepared.sweep
    rows = read_rows(prepared.study, sweep.space)
    write_atomically(sweep.folder.table, as_csv(rows, sweep.space, sweep.metric))
    best = best_of(rows, sweep.search.direction)
    if best is None:
        sweep.folder.finish("failed")
        raise no_result(rows, stopped)
    result = SweepResult(prepared, tuple(rows), best, stopped)
    content = best_recipe(
        prepared.recipe, str(sweep.folder.recipe), best.values, prepared.seed, _header(result, len(rows))
    )
    write_atomically(sweep.folder.best, content)
    return result


def finish(result: SweepResult) -> None:
    """Note in the record of the sweep how it ended."""
    result.prepared.sweep.folder.finish(
        "stopped" if result.stopped else "completed",
        best={"trial": result.best.number, "value": result.best.value, "parameters": dict(result.best.values)},
    )


def _header(result: SweepResult, count: int) -> Sequence[str]:
    """The comment of the best recipe: what was found, by how many trials, and how it is trained."""
    sweep, best = result.prepared.sweep, result.best
    return [
        f"Found by `cnncli tune`: the best of {count} trials, trial {best.number}.",
        f"{sweep.metric} {cell(best.value)} after epoch {best.result.get('best_epoch')}, on the validation examples.",
        *(f"{key}: {as_flow(value)}" for key, value in best.values.items()),
        "",
        f"  {result.train_command}",
        "",
        "The test examples were not used: what `cnncli train` measures on them is a fair estimate.",
    ]
