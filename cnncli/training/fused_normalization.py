"""Compute the batch normalization of a training in one operation of TensorFlow; Keras computes it in about ten."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import tensorflow as tf

from cnncli import keras_internals

_DTYPES = ("float32", "float16", "bfloat16")  # Keras normalizes all of them in float32


def applies(model: keras.Model) -> bool:
    """Whether a model has a batch normalization that learns now and that `fused` changes."""
    layers = keras_internals.all_layers(model)
    return any(isinstance(layer, keras.layers.BatchNormalization) and _is_fusible(layer) for layer in layers)


@contextmanager
def fused(wanted: bool = True) -> Iterator[None]:
    """Within a `with`, the layers BatchNormalization that learn compute in one operation. The results differ in the last bits.

    Inference stays as it is, and so does what the operation cannot do: masks, statistics of all replicas, batch
    renormalization, float64 and another axis than the last one. The layers themselves do not change.

    Args:
        wanted: whether anything changes.
    """
    if not wanted:
        yield
        return
    original = keras.layers.BatchNormalization.call

    def call(self: Any, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        if training and mask is None and _is_fusible(self):
            return _normalize(self, inputs)
        return original(self, inputs, training=training, mask=mask)

    keras.layers.BatchNormalization.call = call
    try:
        yield
    finally:
        keras.layers.BatchNormalization.call = original


def _is_fusible(layer: Any) -> bool:
    if not layer.trainable or layer.renorm or layer.synchronized:
        return False
    if keras.backend.standardize_dtype(layer.compute_dtype) not in _DTYPES:
        return False
    last = layer.input_spec.ndim - 1
    # With the channels alone behind the batch, the operation takes longer than those of Keras.
    return last > 1 and layer.axis in (-1, last)


def _normalize(layer: Any, inputs: Any) -> Any:
    """The output of a layer for (batch, …, channels) inputs; updates its moving averages."""
    values = tf.cast(inputs, "float32")
    channels = values.shape[-1]
    found = tf.raw_ops.FusedBatchNormV3(
        x=tf.reshape(values, (tf.shape(values)[0], -1, 1, channels)),  # the operation takes images
        scale=tf.cast(layer.gamma, "float32") if layer.scale else tf.ones(channels),
        offset=tf.cast(layer.beta, "float32") if layer.center else tf.zeros(channels),
        mean=[],
        variance=[],
        epsilon=layer.epsilon,
        is_training=True,
    )
    # The operation gives the unbiased variance, with n - 1 in its denominator; Keras averages the biased one.
    count = tf.cast(tf.size(values) // channels, "float32")
    biased = found.batch_variance * (1 - 1 / count)
    for average, new in ((layer.moving_mean, found.batch_mean), (layer.moving_variance, biased)):
        average.assign(average * layer.momentum + tf.cast(new, average.dtype) * (1 - layer.momentum))
    return tf.cast(tf.reshape(found.y, tf.shape(values)), layer.compute_dtype)
