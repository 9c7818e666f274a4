"""Evaluate a classifier: loss, metrics, scores and diagnostics in one pass."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from cnncli.data.dataset import Examples
from cnncli.data.pipeline import Batches
from cnncli.recipe.keras_objects.objects import KerasObject
from cnncli.tasks import predictions_csv
from cnncli.tasks.classification.intervals import wilson
from cnncli.tasks.classification.scorer import ClassificationScorer, Scored
from cnncli.tasks.classification.targets import ClassTargets
from cnncli.tasks.evaluation_loop import run_once


def evaluate(
    model: keras.Model,
    examples: Examples,
    *,
    batch_size: int,
    loss: KerasObject,
    metrics: Sequence[KerasObject],
    targets: ClassTargets,
    split: str = "test",
    examples_sha256: str | None = None,
) -> Scored:
    """Run a model once over examples and score what it gives.

    Args:
        model: raw examples -> outputs (batch, outputs).
        examples: with labels that are indices into the class names of `targets`.
        split, examples_sha256: what the examples are; see `Result`.

    Raises:
        DataError: the model's outputs do not fit the classes.
    """
    encoding = targets.encoding(loss, units=model.output_shape[-1])
    batches = Batches(examples, batch_size=batch_size, encodings={"": encoding})
    scorer = ClassificationScorer(targets.class_names, files=examples.files)
    are_logits = bool(loss.args.get("from_logits"))

    def update(labels: NDArray[Any], outputs: NDArray[np.float32]) -> None:
        scorer.update(labels, _probabilities(outputs) if are_logits else outputs)

    measured = run_once(model, examples, batches, update, loss=loss, metrics=metrics)
    return scorer.result(split=split, examples_sha256=examples_sha256, **measured)


def to_csv(scored: Scored, examples: Examples, targets: ClassTargets) -> Iterator[str]:
    """The lines of predictions.csv: a row for each example."""
    said = scored.predicted, scored.confidence, scored.outputs
    return predictions_csv.to_csv(examples.labels, *said, targets.class_names, files=examples.files)


def few_examples_hint(count: int) -> str:
    """What scores on so few examples tell."""
    right = round(0.9 * count)
    low, high = wilson(right, count)
    return f"where {right} of {count} are right, the 95% interval of the accuracy is {low:.2f} to {high:.2f}"


def _probabilities(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Logits (count, outputs) as probabilities: of the one class, or of each."""
    activation = keras.ops.sigmoid if logits.shape[-1] == 1 else keras.ops.softmax
    return np.asarray(keras.ops.convert_to_numpy(activation(logits)), dtype=np.float32)
