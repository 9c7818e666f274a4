"""Evaluate a model: run it once over examples, for loss, metrics and the scorer of its task."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from cnncli import task_registry
from cnncli.data.columns import Values, as_column
from cnncli.data.dataset import Examples
from cnncli.data.pipeline import Batches
from cnncli.data.targets import TargetInfo
from cnncli.network.instantiate import make
from cnncli.network.model_inputs import part_of
from cnncli.network.model_outputs import ALONE, alone, by_name, output_shapes
from cnncli.recipe.keras_objects.objects import KerasObject
from cnncli.tasks.decoder import Decoder
from cnncli.tasks.result import Scored
from cnncli.tasks.undefined_metrics import without_value

Losses = KerasObject | Mapping[str, KerasObject]  # of the only output, or by name


class Scorer(Protocol):
    """What a task makes of the outputs; beside a block of them it holds a few numbers for each example."""

    def update(self, targets: NDArray[Any], outputs: Any) -> None:
        """Take a batch: the targets as the examples have them, and outputs, float32 (batch, …), of several by name."""

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
    loss: Losses,
    metrics: Sequence[KerasObject],
    loss_weights: Mapping[str, float] | None = None,
    split: str = "test",
    examples_sha256: str | None = None,
    original: keras.Model | None = None,
) -> Scored:
    """Run a model once over examples and score what it gives.

    Args:
        model: raw examples -> outputs (batch, …), of several by name.
        examples: with targets as `targets` describes them.
        loss: of the output, or of each of several by name.
        loss_weights: of several outputs, in the sum; None: 1 each.
        split, examples_sha256: what the examples are; see `Result`.
        original: the Keras model, if `model` computes it in another runtime and has not its layers.

    Raises:
        DataError: the model's outputs do not fit the targets.
    """
    shapes, losses = output_shapes(model), by_name(loss)
    encodings = {
        name: targets.encoding(losses[name], output_shape=shape).of(original or model) for name, shape in shapes.items()
    }
    batches = Batches(examples, batch_size=batch_size, encodings=encodings)
    if (inputs := evaluation_inputs(targets, examples)) is not None:
        batches = batches.of(inputs)
    kind: type[Decoder] = task_registry.part(targets.task, "decoding").DECODER
    are_logits = any(each.args.get("from_logits") for each in losses.values())
    count = next(iter(shapes.values()))[-1]
    decoder = kind(targets, "logits" if are_logits else kind.FORMS[0], int(count or 0))
    scorer: Scorer = task_registry.part(targets.task, "scorer").SCORER(targets, files=examples.files)

    def update(labels: NDArray[Any], outputs: Any) -> None:
        given = by_name(decoder.activated(outputs))
        scorer.update(labels, alone({name: np.asarray(values, np.float32) for name, values in given.items()}))

    measured = run_once(model, examples, batches, update, loss=loss, metrics=metrics, loss_weights=loss_weights)
    return scorer.result(split=split, examples_sha256=examples_sha256, **measured)


def settle(targets: TargetInfo, model: keras.Model, validation: Batches) -> TargetInfo:
    """The targets with what the validation examples tell of a trained model, such as a threshold.

    A task with a module `settling` has a function `settled` in it, which is called with the same arguments.

    Args:
        model: raw examples -> outputs (batch, …).
        validation: in order, with encodings for the model.
    """
    if not task_registry.has(targets.task, "settling"):
        return targets
    found: TargetInfo = task_registry.part(targets.task, "settling").settled(targets, model, validation)
    return found


def evaluation_inputs(targets: TargetInfo, examples: Examples) -> Values | None:
    """The only input of examples as validation and evaluation take it; None where that is as it stands.

    A task with a module `evaluation_inputs` has a function of this name in it.
    """
    if not task_registry.has(targets.task, "evaluation_inputs"):
        return None
    found: Values | None = task_registry.part(targets.task, "evaluation_inputs").evaluation_inputs(targets, examples)
    return found


def run_once(
    model: keras.Model,
    examples: Examples,
    batches: Batches,
    update: Callable[[NDArray[Any], Any], None],
    *,
    loss: Losses,
    metrics: Sequence[KerasObject],
    loss_weights: Mapping[str, float] | None = None,
) -> dict[str, Any]:
    """Run a model once over all examples.

    Args:
        model: raw examples -> outputs (batch, …), of several by name.
        batches: of the examples, in their order.
        update: called with the targets of each batch, in the form for scorers, and with the outputs that `predict` of Keras
            would give.

    Returns:
        `loss` and `metrics` as `evaluate` of Keras gives them; NaN where these examples define no value.
    """
    losses = by_name(loss)
    are_named = ALONE not in losses
    scorer = part_of(model, model.output if are_named else model.outputs[0])  # the model itself stays compiled as it is
    scorer.compile(
        loss=alone({name: make(each) for name, each in losses.items()}),
        **{
            "weighted_metrics" if batches.weighs_places else "metrics": alone(
                {name: [make(metric) for metric in metrics] for name in losses}
            )
        },
        loss_weights=dict(loss_weights) if loss_weights else None,
        jit_compile=False,
    )
    mean_loss = keras.metrics.Mean(name="loss")

    dataset = batches.dataset()

    # One graph for batches of any size: to trace a network takes longer than to score a few batches.
    @tf.function(input_signature=dataset.element_spec, autograph=False)  # type: ignore[untyped-decorator]
    def step(inputs: Any, labels: Any, weights: Any = None) -> Any:
        outputs = scorer(inputs, training=False)
        first = next(iter(by_name(outputs).values()))
        # Within one graph Keras finds the logits before a softmax; from probabilities alone a sure answer's loss is cut.
        loss = scorer.compute_loss(inputs, labels, outputs, weights, training=False)
        mean_loss.update_state(loss, tf.shape(first)[0])
        scorer.compute_metrics(inputs, labels, outputs, weights if batches.weighs_places else None)
        return outputs

    column, seen = as_column(examples.targets), 0
    with batches.failing_as_itself():
        for batch in dataset:
            given = by_name(step(*batch))
            outputs = {name: values.numpy().astype(np.float32) for name, values in given.items()}
            size = len(next(iter(outputs.values())))
            stored = column.read(np.arange(seen, seen + size))
            update(batches.encoding.scored(stored, *batch[:2]), alone(outputs))
            seen += size
    undefined = without_value(scorer)
    measured = {
        name: math.nan if name in undefined else float(value)
        for name, value in scorer.get_metrics_result().items()
        if name != "loss"
    }
    return {"loss": float(mean_loss.result()), "metrics": measured}
