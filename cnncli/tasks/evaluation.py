"""Evaluate a model: run it once over examples, for loss, metrics and the scorer of its task."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from cnncli import task_registry
from cnncli.data.columns import as_column
from cnncli.data.dataset import Examples
from cnncli.data.pipeline import Batches
from cnncli.data.targets import TargetInfo
from cnncli.network.instantiate import make
from cnncli.network.model_inputs import part_of
from cnncli.recipe.keras_objects.objects import KerasObject
from cnncli.tasks.decoder import Decoder
from cnncli.tasks.result import Scored
from cnncli.tasks.undefined_metrics import without_value


class Scorer(Protocol):
    """What a task makes of the outputs; beside a block of them it holds a few numbers for each example."""

    def update(self, targets: NDArray[Any], outputs: NDArray[np.float32]) -> None:
        """Take a batch: the targets as the examples have them, and outputs (batch, outputs)."""

    def result(self, **common: Any) -> Scored:
        """Score all batches.

        Args:
            common: the fields that every `Result` has.
        """


def evaluate(
    model: keras.Model,
    examples: Examples,
    *,
    targets: TargetInfo,
    batch_size: int,
    loss: KerasObject,
    metrics: Sequence[KerasObject],
    split: str = "test",
    examples_sha256: str | None = None,
) -> Scored:
    """Run a model once over examples and score what it gives.

    Args:
        model: raw examples -> outputs (batch, outputs).
        examples: with targets as `targets` describes them.
        split, examples_sha256: what the examples are; see `Result`.

    Raises:
        DataError: the model's outputs do not fit the targets.
    """
    units = model.output_shape[-1]
    batches = Batches(examples, batch_size=batch_size, encodings={"": targets.encoding(loss, units=units)})
    kind: type[Decoder] = task_registry.part(targets.task, "decoding").DECODER
    decoder = kind(targets, "logits" if loss.args.get("from_logits") else kind.FORMS[0], units)
    scorer: Scorer = task_registry.part(targets.task, "scorer").SCORER(targets, files=examples.files)

    def update(labels: NDArray[Any], outputs: NDArray[np.float32]) -> None:
        scorer.update(labels, np.asarray(decoder.activated(outputs), np.float32))

    measured = run_once(model, examples, batches, update, loss=loss, metrics=metrics)
    return scorer.result(split=split, examples_sha256=examples_sha256, **measured)


def run_once(
    model: keras.Model,
    examples: Examples,
    batches: Batches,
    update: Callable[[NDArray[Any], NDArray[np.float32]], None],
    *,
    loss: KerasObject,
    metrics: Sequence[KerasObject],
) -> dict[str, Any]:
    """Run a model once over all examples.

    Args:
        model: raw examples -> outputs (batch, outputs).
        batches: of the examples, in their order.
        update: called with the targets and the outputs of each batch, those that `predict` of Keras would give.

    Returns:
        `loss` and `metrics` as `evaluate` of Keras gives them; NaN where these examples define no value.
    """
    scorer = part_of(model, model.outputs[0])  # the model itself stays compiled as it is
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

    column, seen = as_column(examples.targets), 0
    with batches.failing_as_itself():
        for inputs, labels in dataset:
            outputs = step(inputs, labels).numpy().astype(np.float32)
            update(column.read(np.arange(seen, seen + len(outputs))), outputs)
            seen += len(outputs)
    undefined = without_value(scorer)
    measured = {
        name: math.nan if name in undefined else float(value)
        for name, value in scorer.get_metrics_result().items()
        if name != "loss"
    }
    return {"loss": float(mean_loss.result()), "metrics": measured}
