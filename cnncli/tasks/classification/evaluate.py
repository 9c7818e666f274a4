"""Evaluate a classifier: loss, metrics, scores and diagnostics in one pass."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from cnncli.data.dataset import Examples
from cnncli.data.pipeline import Batches
from cnncli.network.instantiate import make
from cnncli.recipe.keras_objects.objects import KerasObject
from cnncli.tasks import predictions_csv
from cnncli.tasks.classification.diagnostics import diagnose
from cnncli.tasks.classification.intervals import wilson
from cnncli.tasks.classification.result import ClassificationResult
from cnncli.tasks.classification.scores import classification_scores, predicted_classes
from cnncli.tasks.classification.targets import ClassTargets
from cnncli.tasks.undefined_metrics import without_value


@dataclass(frozen=True)
class Scored:
    """Examples that a model has scored.

    Attributes:
        outputs: float32 (count, outputs), probabilities; logits have become such.
        predicted: int64 (count,), the class of each.
    """

    result: ClassificationResult
    outputs: np.ndarray
    predicted: np.ndarray


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
    class_names = targets.class_names
    encoding = targets.encoding(loss, units=model.output_shape[-1])
    batches = Batches(examples, batch_size=batch_size, encodings={"": encoding})
    measured, outputs = run_once(model, batches, loss, metrics)
    if loss.args.get("from_logits"):
        outputs = _probabilities(outputs)
    predicted = predicted_classes(outputs)
    scores = classification_scores(examples.labels, predicted, class_names)
    found = diagnose(examples.labels, outputs, predicted, scores.confusion, class_names, files=examples.files)
    result = ClassificationResult(
        split=split,
        examples_sha256=examples_sha256,
        loss=measured.pop("loss"),
        metrics=measured,
        **dict(scores),
        **dict(found),
    )
    return Scored(result, outputs, predicted)


def to_csv(scored: Scored, examples: Examples, targets: ClassTargets) -> str:
    """predictions.csv: a row for each example."""
    predicted, outputs = scored.predicted, scored.outputs
    return predictions_csv.to_csv(examples.labels, predicted, outputs, targets.class_names, files=examples.files)


def few_examples_hint(count: int) -> str:
    """What scores on so few examples tell."""
    right = round(0.9 * count)
    low, high = wilson(right, count)
    return f"where {right} of {count} are right, the 95% interval of the accuracy is {low:.2f} to {high:.2f}"


def _probabilities(logits: np.ndarray) -> np.ndarray:
    """Logits (count, outputs) as probabilities: of the one class, or of each."""
    activation = keras.ops.sigmoid if logits.shape[-1] == 1 else keras.ops.softmax
    return np.asarray(keras.ops.convert_to_numpy(activation(logits)), dtype=np.float32)


def run_once(
    model: keras.Model, batches: Batches, loss: KerasObject, metrics: Sequence[KerasObject]
) -> tuple[dict[str, float], np.ndarray]:
    """Loss and metrics as `evaluate` of Keras gives them, and the outputs that `predict` would give, in one pass."""
    scorer = keras.Model(model.inputs, model.outputs[0])  # the model itself stays compiled as it is
    scorer.compile(loss=make(loss), metrics=[make(metric) for metric in metrics], jit_compile=False)
    mean_loss = keras.metrics.Mean(name="loss")

    dataset = batches.dataset()

    # One graph for batches of any size: to trace a network takes longer than to score a few batches.
    @tf.function(input_signature=dataset.element_spec, autograph=False)  # type: ignore[untyped-decorator]
    def step(inputs: Any, labels: Any) -> Any:
        outputs = scorer(inputs, training=False)
        # Within one graph Keras finds the logits before a softmax; from probabilities alone a sure answer's loss is cut.
        mean_loss.update_state(scorer.compute_loss(inputs, labels, outputs, training=False), tf.shape(outputs)[0])
        scorer.compute_metrics(inputs, labels, outputs)
        return outputs

    with batches.failing_as_itself():
        outputs = [step(inputs, labels).numpy() for inputs, labels in dataset]
    undefined = without_value(scorer)
    numbers = {
        name: math.nan if name in undefined else float(value)
        for name, value in scorer.get_metrics_result().items()
        if name != "loss"
    }
    return {"loss": float(mean_loss.result()), **numbers}, np.concatenate(outputs).astype(np.float32)
