"""What the validation examples tell of a trained network: the threshold of equal error rates."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from cnncli.data.pipeline import Batches
from cnncli.tasks.identities.pair_scores import threshold_of
from cnncli.tasks.identities.targets import IdentityTargets


def settled(info: IdentityTargets, model: keras.Model, validation: Batches) -> IdentityTargets:
    """The targets with their threshold.

    Args:
        model: raw examples -> vectors (batch, size).
        validation: in order.
    """
    dataset = validation.dataset()

    @tf.function(input_signature=[dataset.element_spec[0]], autograph=False)  # type: ignore[untyped-decorator]
    def vectors(inputs: Any) -> Any:
        return tf.cast(model(inputs, training=False), tf.float32)

    found = [(vectors(inputs).numpy(), identities.numpy()) for inputs, identities, *_ in dataset]
    outputs, identities = map(np.concatenate, zip(*found, strict=True))
    return info.model_copy(update={"threshold": threshold_of(outputs, identities)})
