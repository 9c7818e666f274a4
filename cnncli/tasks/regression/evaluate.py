"""Evaluate a regression: loss, metrics and errors in one pass."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import keras

from cnncli.data.dataset import Examples
from cnncli.data.pipeline import Batches
from cnncli.recipe.keras_objects.objects import KerasObject
from cnncli.tasks import predictions_csv
from cnncli.tasks.evaluation_loop import run_once
from cnncli.tasks.regression.scorer import RegressionScorer, Scored
from cnncli.tasks.regression.targets import NumberTargets


def evaluate(
    model: keras.Model,
    examples: Examples,
    *,
    batch_size: int,
    loss: KerasObject,
    metrics: Sequence[KerasObject],
    targets: NumberTargets,
    split: str = "test",
    examples_sha256: str | None = None,
) -> Scored:
    """Run a model once over examples and score what it gives.

    Args:
        model: raw examples -> outputs (batch, k).
        examples: with labels float32 (count, k).
        split, examples_sha256: what the examples are; see `Result`.

    Raises:
        DataError: the model gives another count of numbers.
    """
    encoding = targets.encoding(loss, units=model.output_shape[-1])
    batches = Batches(examples, batch_size=batch_size, encodings={"": encoding})
    scorer = RegressionScorer(targets.numbers.mean, files=examples.files)
    measured = run_once(model, examples, batches, scorer.update, loss=loss, metrics=metrics)
    return scorer.result(split=split, examples_sha256=examples_sha256, **measured)


def to_csv(scored: Scored, examples: Examples, targets: NumberTargets) -> Iterator[str]:
    """The lines of predictions.csv: a row for each example."""
    return predictions_csv.numbers_to_csv(scored.targets, scored.outputs, files=examples.files)


def few_examples_hint(count: int) -> str:
    """What scores on so few examples tell."""
    return "see the intervals of the scores, and set more examples aside where there are more"
