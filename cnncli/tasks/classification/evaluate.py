"""Evaluate a classifier: loss, metrics, scores and diagnostics in one pass."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from cnncli.data.dataset import Examples
from cnncli.data.pipeline import Batches
from cnncli.recipe.keras_objects.objects import KerasObject
from cnncli.tasks.classification.scorer import ClassificationScorer, Scored
from cnncli.tasks.evaluation_loop import run_once
from cnncli.tasks.target_encoding import encoding_of


def evaluate(
    model: keras.Model,
    examples: Examples,
    *,
    batch_size: int,
    loss: KerasObject,
    metrics: Sequence[KerasObject],
    class_names: Sequence[str],
    split: str = "test",
    examples_sha256: str | None = None,
) -> Scored:
    """Run a model once over examples and score what it gives.

    Args:
        model: raw examples -> outputs (batch, outputs).
        examples: with labels that are indices into `class_names`.
        split, examples_sha256: what the examples are; see `Result`.

    Raises:
        DataError: the model's outputs do not fit the classes.
    """
    count = len(class_names)
    encoding = encoding_of(loss, outputs=model.output_shape[-1], class_count=count)
    batches = Batches(examples, batch_size=batch_size, encodings={"": encoding}, class_count=count)
    scorer = ClassificationScorer(class_names, files=examples.files)
    are_logits = bool(loss.args.get("from_logits"))

    def update(labels: NDArray[Any], outputs: NDArray[np.float32]) -> None:
        scorer.update(labels, _probabilities(outputs) if are_logits else outputs)

    measured = run_once(model, examples, batches, update, loss=loss, metrics=metrics)
    return scorer.result(split=split, examples_sha256=examples_sha256, **measured)


def _probabilities(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Logits (count, outputs) as probabilities: of the one class, or of each."""
    activation = keras.ops.sigmoid if logits.shape[-1] == 1 else keras.ops.softmax
    return np.asarray(keras.ops.convert_to_numpy(activation(logits)), dtype=np.float32)
