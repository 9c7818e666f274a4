"""The tasks: how each evaluates a model and writes its predictions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import keras

from cnncli.data.dataset import Examples
from cnncli.data.regression_targets import Numbers
from cnncli.recipe.keras_objects.objects import KerasObject
from cnncli.tasks import predictions_csv
from cnncli.tasks.classification import evaluate as _classification
from cnncli.tasks.classification.scorer import Scored as ClassificationScored
from cnncli.tasks.regression import evaluate as _regression
from cnncli.tasks.regression.scorer import Scored as RegressionScored

Scored = ClassificationScored | RegressionScored


class Task(Protocol):
    """One of them."""

    def evaluate(
        self,
        model: keras.Model,
        examples: Examples,
        *,
        batch_size: int,
        loss: KerasObject,
        metrics: Sequence[KerasObject],
        split: str,
        examples_sha256: str | None = None,
    ) -> Any:
        """Run the model once over examples and score what it gives."""

    def to_csv(self, scored: Any, examples: Examples) -> Iterator[str]:
        """The lines of predictions.csv: a row an example."""


@dataclass(frozen=True)
class Classification:
    """Each example has one class."""

    class_names: Sequence[str]

    def evaluate(self, model: keras.Model, examples: Examples, **how: Any) -> ClassificationScored:
        return _classification.evaluate(model, examples, class_names=self.class_names, **how)

    def to_csv(self, scored: ClassificationScored, examples: Examples) -> Iterator[str]:
        said = scored.predicted, scored.confidence, scored.outputs
        return predictions_csv.to_csv(examples.labels, *said, self.class_names, files=examples.files)


@dataclass(frozen=True)
class Regression:
    """Each example has numbers of its own."""

    numbers: Numbers

    def evaluate(self, model: keras.Model, examples: Examples, **how: Any) -> RegressionScored:
        return _regression.evaluate(model, examples, numbers=self.numbers, **how)

    def to_csv(self, scored: RegressionScored, examples: Examples) -> Iterator[str]:
        return predictions_csv.numbers_to_csv(scored.targets, scored.outputs, files=examples.files)


def task_for(class_names: Sequence[str], numbers: Numbers | None) -> Task:
    """The task of data or of a model that has classes, or else numbers."""
    return Classification(class_names) if numbers is None else Regression(numbers)
