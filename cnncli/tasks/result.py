"""The result of an evaluation: the base of the pydantic models behind evaluation.json."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Annotated, Any, Protocol

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from cnncli import task_registry
from cnncli.errors import Problem
from cnncli.runs.record import first_problem


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


Score = Annotated[float | None, BeforeValidator(_finite)]  # None where the examples define no value
Interval = tuple[float, float]  # low, high


class Part(BaseModel):
    """A part of a result. Its fields are the keys in JSON, except for one that is a word of Python (`class`)."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_by_name=True, validate_by_alias=True)

    def to_json(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return self.model_dump(mode="json", by_alias=True)


class Intervals(Part):
    """Confidence intervals over the examples, by the name of the score.

    Attributes:
        level: how often an interval made in this way covers the true value, about.
        method: how they are made.
        samples: how many times the examples were drawn again.
        seed: of the draws.
    """

    level: float
    method: str
    samples: int
    seed: int


class Result(Part):
    """What every task has in common.

    Attributes:
        task: the task's name.
        split: the split that was scored, or the data that the user named.
        examples_sha256: the fingerprint of the examples; None for data that does not belong to a run.
        count: number of examples.
        loss: the mean loss, with the network's regularisation, as Keras gives it.
        intervals: confidence intervals by the name of the score, with how they were made.
        metrics: the recipe's metrics by name, as Keras gives them; None where these examples define no value.
    """

    task: str
    split: str
    examples_sha256: str | None = None
    count: Annotated[int, Field(ge=1)]
    loss: Score
    metrics: dict[str, Score]
    intervals: Intervals

    @property
    def scores(self) -> dict[str, float]:
        """The scores that `expect` can name besides the metrics, by the names of `SCORES` of the task's rules."""
        return {}

    def remarks(self) -> tuple[Problem, ...]:
        """Notes about the scores, for people."""
        return ()


class Scored(Protocol):
    """Examples that a model has scored; each task adds what its figures need."""

    @property
    def result(self) -> Any:
        """What evaluation.json will hold."""

    @property
    def outputs(self) -> Any:
        """`SpooledRows`, float32 (count, outputs), as the task reads them."""

    @property
    def wrong(self) -> Any:
        """int64 (any,), which examples are wrong, the most wrong first; all where no prediction is simply right."""

    @property
    def predicted(self) -> Any:
        """int64 (count,), the class of each; None where there are no classes."""

    def csv_lines(self, examples: Any, targets: Any) -> Iterator[str]:
        """predictions.csv: a line for the titles, then one for each example."""


def read_result(content: bytes) -> Result:
    """Read evaluation.json.

    Raises:
        ValueError: it is not the result of a known task; the message says what is wrong with it.
    """
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        raise ValueError("no JSON text") from None
    task = value.get("task") if isinstance(value, dict) else None
    if task not in task_registry.names():
        raise ValueError(f"its `task` is not one of {', '.join(task_registry.names())}")
    try:
        result: Result = task_registry.part(task, "result").RESULT.model_validate(value)
    except ValidationError as error:
        raise ValueError(first_problem(error)) from None
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    return result
