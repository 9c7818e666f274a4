"""What a sweep and its workers say to each other: the task as JSON, and lines of JSON in both directions."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from cnncli.recipe.schema_tune import Parameter

RUN, END = "run", "end"  # the lines that a worker gets: train a trial, or end


class _Message(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Work(_Message):
    """What a worker needs to know; the first line that it gets.

    Attributes:
        recipe: the file of the recipe, of which the values of a trial change some.
        storage, study: where the trials are.
        session: the command that this worker belongs to; each trial has it as an attribute.
        seed: of the sweep: of the sampler, and of training where the recipe has none.
        intra_op, inter_op: threads; 0: as TensorFlow chooses.
    """

    recipe: Path
    storage: str
    study: str
    session: str
    metric: str
    direction: Literal["minimize", "maximize"]
    sampler: str
    pruner: str
    warmup_epochs: int
    epochs: int
    seed: int
    parameters: dict[str, Any]
    outputs: Path
    device: str | None = None
    intra_op: int = 0
    inter_op: int = 0

    @property
    def space(self) -> dict[str, Parameter]:
        return {key: Parameter.model_validate(value) for key, value in self.parameters.items()}


class Event(_Message):
    """What happened in a worker: a line that it gives.

    Attributes:
        kind: `ready` once, then for each trial `begun`, `epoch` and `ended`; `fatal` ends the worker.
        number: of the trial.
        values: of its parameters, as Optuna keeps them.
        value: of the metric after the epoch.
        failure: why the sweep cannot go on.
    """

    kind: Literal["ready", "begun", "epoch", "ended", "fatal"]
    number: int = -1
    values: dict[str, Any] = Field(default_factory=dict)
    epoch: int = 0
    value: float | None = None
    failure: Failure | None = None


class Failure(_Message):
    """Why a trial failed.

    Attributes:
        message, hint: as of a `Problem`.
        code, exit: of the error: `resources`, 8.
    """

    message: str
    hint: str = ""
    code: str = "internal"
    exit: int = 70


Event.model_rebuild()
