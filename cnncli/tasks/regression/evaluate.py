"""A model that gives quantities, and examples with theirs -> every number of the evaluation."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from cnncli.data.dataset import Examples
from cnncli.data.pipeline import Batches
from cnncli.data.regression_targets import Numbers
from cnncli.errors import DataError
from cnncli.recipe.keras_objects.objects import KerasObject
from cnncli.tasks.classification.evaluate import run_once
from cnncli.tasks.regression.scores import NumberScores, number_scores


@dataclass(frozen=True)
class NumbersEvaluation:
    """What a model scores on examples.

    Attributes:
        loss: the mean loss, with the network's regularisation, as Keras gives it.
        metrics: the recipe's metrics by name, as Keras gives them.
        scores: errors, R2, and how far to trust them.
        targets, outputs: float32 (count, k), the true numbers and the network's.
    """

    loss: float
    metrics: dict[str, float]
    scores: NumberScores
    targets: np.ndarray
    outputs: np.ndarray


def evaluate_numbers(
    model: keras.Model,
    examples: Examples,
    *,
    batch_size: int,
    loss: KerasObject,
    metrics: Sequence[KerasObject],
    numbers: Numbers,
) -> NumbersEvaluation:
    """Run a model once over examples and score what it gives.

    Args:
        model: raw examples -> outputs (batch, k).
        examples: with labels float32 (count, k).
        numbers: of the training targets.

    Raises:
        DataError: the model gives another count of numbers.
    """
    if model.output_shape[-1] != examples.labels.shape[1]:
        given, wanted = model.output_shape[-1], examples.labels.shape[1]
        raise DataError(f"the data has {wanted} numbers for each example, and the network gives {given}")
    batches = Batches(examples, batch_size=batch_size, encodings={"": "numbers"}, class_count=len(numbers))
    measured, outputs = run_once(model, batches, loss, metrics)
    return NumbersEvaluation(
        loss=measured.pop("loss"),
        metrics=measured,
        scores=number_scores(examples.labels, outputs, numbers.mean, files=examples.files),
        targets=examples.labels,
        outputs=outputs,
    )


def as_json(evaluation: NumbersEvaluation) -> dict[str, Any]:
    """The form of evaluation.json and of `evaluate --json`; NaN and infinity are None."""
    finite = {name: value if math.isfinite(value) else None for name, value in evaluation.metrics.items()}
    return {
        "targets": "numbers",
        "count": evaluation.scores.count,
        "loss": evaluation.loss if math.isfinite(evaluation.loss) else None,
        "metrics": finite,
        **evaluation.scores.to_json(),
    }
