"""The trials of a study as plain values, the table trials.csv, and the best of them."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from optuna import Study
from optuna.trial import FrozenTrial, TrialState

from cnncli.tune import study as studies
from cnncli.tune.space import Space
from cnncli.tune.worker_protocol import Failure

COMPLETE, PRUNED, FAILED, RUNNING = "complete", "pruned", "failed", "running"
_STATES = {
    TrialState.COMPLETE: COMPLETE,
    TrialState.PRUNED: PRUNED,
    TrialState.FAIL: FAILED,
    TrialState.RUNNING: RUNNING,
}


@dataclass(frozen=True)
class TrialRow:
    """A trial that has begun.

    Attributes:
        number: from 0, as the storage counts; numbers of interrupted trials are missing.
        params: its values as Optuna keeps them: numbers, and of a choice the text.
        values: the same as the recipe takes them.
        value: of the metric; None of a trial that is not complete.
        curve: of the metric after each epoch, from 1.
        result: epochs, seconds, and the history of the best epoch, as the worker recorded it.
        failure: of a trial that failed.
    """

    number: int
    state: str
    params: Mapping[str, Any]
    values: Mapping[str, Any]
    value: float | None
    curve: Mapping[int, float]
    result: Mapping[str, Any]
    failure: Failure | None

    def as_json(self) -> dict[str, Any]:
        return {
            "trial": self.number,
            "state": self.state,
            "parameters": dict(self.values),
            "value": self.value,
            "epochs": self.result.get("epochs"),
            "best_epoch": self.result.get("best_epoch"),
            "seconds": self.result.get("seconds"),
            "history": dict(self.result.get("row") or {}),
            "failure": self.failure.model_dump() if self.failure else None,
        }


def read_rows(study: Study, space: Space) -> list[TrialRow]:
    """The trials that have begun, by number; those that were interrupted are left out."""
    return [_row(trial, space) for trial in studies.trials_of(study) if studies.is_begun(trial)]


def _row(trial: FrozenTrial, space: Space) -> TrialRow:
    failure = trial.user_attrs.get(studies.FAILURE)
    return TrialRow(
        trial.number,
        FAILED if failure else _STATES.get(trial.state, FAILED),
        dict(trial.params),
        space.values(trial.params),
        trial.value if trial.state == TrialState.COMPLETE else None,
        dict(sorted(trial.intermediate_values.items())),
        trial.user_attrs.get(studies.RESULT) or {},
        Failure(**failure) if failure else None,
    )


def best_of(rows: Sequence[TrialRow], direction: str) -> TrialRow | None:
    """The complete trial with the best value, the first of equal ones; None where none is complete."""
    complete = [row for row in rows if row.value is not None]
    sign = 1 if direction == "minimize" else -1
    return min(complete, key=lambda row: (sign * (row.value or 0.0), row.number), default=None)


def as_csv(rows: Sequence[TrialRow], space: Space, metric: str) -> str:
    """A line for each trial: number, state, value, parameters, epochs, seconds, metrics of the best epoch, reason."""
    names = list(dict.fromkeys(name for row in rows for name in row.result.get("row") or {} if name != metric))
    columns = ["trial", "state", metric, *space.parameters, "epochs", "best_epoch", "seconds", *names, "failure"]
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(columns)
    for row in rows:
        history = row.result.get("row") or {}
        table.writerow(
            [
                row.number,
                row.state,
                row.value,
                *(row.params.get(key) for key in space.parameters),
                *(row.result.get(key) for key in ("epochs", "best_epoch", "seconds")),
                *(history.get(name) for name in names),
                row.failure.message if row.failure else None,
            ]
        )
    return text.getvalue()
