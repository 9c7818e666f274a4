"""What a network is trained for, classes or numbers: how it is scored, and what is written of that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import keras

from cnncli.data.dataset import Examples
from cnncli.data.regression_targets import Numbers
from cnncli.recipe.keras_objects.objects import KerasObject
from cnncli.tasks import predictions_csv
from cnncli.tasks.classification import evaluate as classes
from cnncli.tasks.regression import evaluate as quantities

Scored = classes.Evaluation | quantities.NumbersEvaluation


class Task(Protocol):
    """One of the two."""

    def evaluate(
        self,
        model: keras.Model,
        examples: Examples,
        *,
        batch_size: int,
        loss: KerasObject,
        metrics: Sequence[KerasObject],
    ) -> Any:
        """Run the model once over examples and score what it gives."""

    def as_json(self, scored: Any) -> dict[str, Any]:
        """The form of evaluation.json."""

    def to_csv(self, scored: Any, examples: Examples) -> str:
        """predictions.csv: a row an example."""


@dataclass(frozen=True)
class Classes:
    """Examples are told apart by class."""

    names: Sequence[str]

    def evaluate(self, model: keras.Model, examples: Examples, **how: Any) -> classes.Evaluation:
        return classes.evaluate(model, examples, class_names=self.names, **how)

    def as_json(self, scored: classes.Evaluation) -> dict[str, Any]:
        return classes.as_json(scored)

    def to_csv(self, scored: classes.Evaluation, examples: Examples) -> str:
        outputs, names = scored.outputs, self.names
        return predictions_csv.to_csv(examples.labels, scored.predicted, outputs, names, files=examples.files)


@dataclass(frozen=True)
class Quantities:
    """Each example has numbers of its own."""

    numbers: Numbers

    def evaluate(self, model: keras.Model, examples: Examples, **how: Any) -> quantities.NumbersEvaluation:
        return quantities.evaluate_numbers(model, examples, numbers=self.numbers, **how)

    def as_json(self, scored: quantities.NumbersEvaluation) -> dict[str, Any]:
        return quantities.as_json(scored)

    def to_csv(self, scored: quantities.NumbersEvaluation, examples: Examples) -> str:
        return predictions_csv.numbers_to_csv(scored.targets, scored.outputs, files=examples.files)


def task_for(class_names: Sequence[str], numbers: Numbers | None) -> Task:
    """The task of data or of a model that has classes, or else numbers."""
    return Classes(class_names) if numbers is None else Quantities(numbers)
