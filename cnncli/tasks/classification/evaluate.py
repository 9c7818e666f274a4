"""A model and labelled examples -> every number of the evaluation."""

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
from cnncli.messages import FEW_EXAMPLES
from cnncli.network.instantiate import make
from cnncli.recipe.keras_objects.objects import KerasObject
from cnncli.tasks.classification.diagnostics import Trust, how_far_to_trust
from cnncli.tasks.classification.intervals import wilson
from cnncli.tasks.classification.scores import Scores, classification_scores, predicted_classes
from cnncli.tasks.target_encoding import encoding_of
from cnncli.tasks.undefined_metrics import without_value


@dataclass(frozen=True)
class Evaluation:
    """What a model scores on examples.

    Attributes:
        loss: the mean loss, with the network's regularisation, as Keras gives it.
        metrics: the recipe's metrics by name, as Keras gives them; NaN where these examples define no value.
        scores: per class and together.
        trust: what belongs beside the scores: intervals, calibration, curves, mistakes.
        outputs: float32 (count, outputs), probabilities; logits have become such.
        predicted: int64 (count,), the class of each.
    """

    loss: float
    metrics: dict[str, float]
    scores: Scores
    trust: Trust
    outputs: np.ndarray
    predicted: np.ndarray


def evaluate(
    model: keras.Model,
    examples: Examples,
    *,
    batch_size: int,
    loss: KerasObject,
    metrics: Sequence[KerasObject],
    class_names: Sequence[str],
) -> Evaluation:
    """Run a model once over examples and score what it gives.

    Args:
        model: raw examples -> outputs (batch, outputs).
        examples: with labels that are indices into `class_names`.

    Raises:
        DataError: the model's outputs do not fit the classes.
    """
    count = len(class_names)
    encoding = encoding_of(loss, outputs=model.output_shape[-1], class_count=count)
    batches = Batches(examples, batch_size=batch_size, encodings={"": encoding}, class_count=count)
    numbers, outputs = run_once(model, batches, loss, metrics)
    if loss.args.get("from_logits"):
        outputs = _probabilities(outputs)
    predicted = predicted_classes(outputs)
    scores = classification_scores(examples.labels, predicted, class_names)
    return Evaluation(
        loss=numbers.pop("loss"),
        metrics=numbers,
        scores=scores,
        trust=how_far_to_trust(
            examples.labels, outputs, predicted, scores.confusion, class_names, files=examples.files
        ),
        outputs=outputs,
        predicted=predicted,
    )


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


def as_json(evaluation: Evaluation) -> dict[str, Any]:
    """The form of evaluation.json and of `evaluate --json`; NaN and infinity are None."""
    scores = evaluation.scores.to_json()
    finite = {name: value if math.isfinite(value) else None for name, value in evaluation.metrics.items()}
    trust = evaluation.trust.to_json()
    count = scores.pop("count")
    if count < FEW_EXAMPLES and trust.get("intervals"):
        bounds = wilson(round(scores["accuracy"] * count), count, level=trust["intervals"]["level"])
        trust["intervals"] |= {"accuracy": list(bounds), "accuracy_method": "Wilson score interval"}
    return {
        "count": count,
        "loss": evaluation.loss if math.isfinite(evaluation.loss) else None,
        "metrics": finite,
        **scores,
        **trust,
    }
