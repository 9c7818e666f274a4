"""Record how large the errors of the validation examples are, by which `predict` says how unusual an example is."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from cnncli.data.pipeline import Batches
from cnncli.network.model_inputs import part_of
from cnncli.tasks.reconstruction.quality import squared_errors
from cnncli.tasks.reconstruction.targets import PERCENTILES, InputTargets


def settled(targets: InputTargets, model: keras.Model, validation: Batches) -> InputTargets:
    """The targets with the percentiles of the errors between what goes into a network and what comes out.

    That is what `predict` measures, too: of a picture with noise nobody knows how it looks without.

    Args:
        model: raw examples -> outputs.
        validation: in order, as an evaluation takes them.
    """
    network = part_of(model, model.outputs[0])
    encoding, dataset = validation.encoding, validation.dataset()

    @tf.function(input_signature=[dataset.element_spec[0]], autograph=False)  # type: ignore[untyped-decorator]
    def step(inputs: Any) -> Any:
        return encoding.encode(inputs), tf.cast(network(inputs, training=False), tf.float32)

    errors = [squared_errors(*(values.numpy() for values in step(inputs))) for inputs, *_ in dataset]
    percentiles = np.percentile(np.concatenate(errors), PERCENTILES)
    if not np.isfinite(percentiles).all():
        return targets  # the evaluation reports it
    return targets.model_copy(update={"errors": tuple(np.maximum.accumulate(percentiles).tolist())})
