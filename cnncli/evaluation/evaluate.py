"""A model and labelled examples -> every number of the evaluation."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from cnncli.data.examples import Examples
from cnncli.data.pipeline import Batches, encode
from cnncli.evaluation.scores import Scores, classification_scores, predicted_classes
from cnncli.network.objects import make
from cnncli.recipe.objects import KerasObject
from cnncli.training.labels import encoding_of


@dataclass(frozen=True)
class Evaluation:
    """What a model scores on examples.

    Attributes:
        loss: the mean loss, with the network's regularisation, as Keras gives it.
        metrics: the recipe's metrics by name, as Keras gives them.
        scores: per class and together; None when the model does not classify.
        outputs: float32 (count, outputs), probabilities; logits have become such.
        predicted: int64 (count,), the class of each.
    """

    loss: float
    metrics: dict[str, float]
    scores: Scores
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
    outputs = np.asarray(model.predict(batches.dataset(), verbose=0), dtype=np.float32)
    numbers = _keras_numbers(outputs, encode(examples.labels, encoding, count), loss, metrics, batch_size)
    numbers["loss"] += float(sum(keras.ops.convert_to_numpy(term) for term in model.losses))
    if loss.args.get("from_logits"):
        outputs = _probabilities(outputs)
    predicted = predicted_classes(outputs)
    return Evaluation(
        loss=numbers.pop("loss"),
        metrics=numbers,
        scores=classification_scores(examples.labels, predicted, class_names),
        outputs=outputs,
        predicted=predicted,
    )


def _probabilities(logits: np.ndarray) -> np.ndarray:
    """Logits (count, outputs) as probabilities: of the one class, or of each."""
    activation = keras.ops.sigmoid if logits.shape[-1] == 1 else keras.ops.softmax
    return np.asarray(keras.ops.convert_to_numpy(activation(logits)), dtype=np.float32)


def _keras_numbers(
    outputs: np.ndarray, labels: np.ndarray, loss: KerasObject, metrics: Sequence[KerasObject], batch_size: int
) -> dict[str, float]:
    """Loss and metrics of outputs that are already there: a network that does nothing, scored by Keras itself."""
    inputs = keras.Input(outputs.shape[1:])
    nothing = keras.Model(inputs, keras.layers.Identity(dtype="float32")(inputs))
    nothing.compile(loss=make(loss), metrics=[make(metric) for metric in metrics], jit_compile=False)
    numbers = nothing.evaluate(outputs, labels, batch_size=batch_size, verbose=0, return_dict=True)
    return {name: float(value) for name, value in numbers.items()}


def as_json(evaluation: Evaluation) -> dict[str, Any]:
    """The form of evaluation.json and of `evaluate --json`; NaN and infinity are None."""
    scores = evaluation.scores.to_json()
    finite = {name: value if math.isfinite(value) else None for name, value in evaluation.metrics.items()}
    return {
        "count": scores.pop("count"),
        "loss": evaluation.loss if math.isfinite(evaluation.loss) else None,
        "metrics": finite,
        **scores,
    }
