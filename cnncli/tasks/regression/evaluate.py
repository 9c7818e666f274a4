"""Evaluate a regression: loss, metrics and errors in one pass."""

from __future__ import annotations

from collections.abc import Sequence

import keras

from cnncli.data.dataset import Examples
from cnncli.data.pipeline import Batches
from cnncli.data.regression_targets import Numbers
from cnncli.errors import DataError
from cnncli.recipe.keras_objects.objects import KerasObject
from cnncli.tasks.evaluation_loop import run_once
from cnncli.tasks.regression.scorer import RegressionScorer, Scored


def evaluate(
    model: keras.Model,
    examples: Examples,
    *,
    batch_size: int,
    loss: KerasObject,
    metrics: Sequence[KerasObject],
    numbers: Numbers,
    split: str = "test",
    examples_sha256: str | None = None,
) -> Scored:
    """Run a model once over examples and score what it gives.

    Args:
        model: raw examples -> outputs (batch, k).
        examples: with labels float32 (count, k).
        numbers: of the training targets.
        split, examples_sha256: what the examples are; see `Result`.

    Raises:
        DataError: the model gives another count of numbers.
    """
    if model.output_shape[-1] != examples.labels.shape[1]:
        given, wanted = model.output_shape[-1], examples.labels.shape[1]
        raise DataError(f"the data has {wanted} numbers for each example, and the network gives {given}")
    batches = Batches(examples, batch_size=batch_size, encodings={"": "numbers"}, class_count=len(numbers))
    scorer = RegressionScorer(numbers.mean, files=examples.files)
    measured = run_once(model, examples, batches, scorer.update, loss=loss, metrics=metrics)
    return scorer.result(split=split, examples_sha256=examples_sha256, **measured)
