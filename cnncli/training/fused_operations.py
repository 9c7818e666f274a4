"""Compute batch normalization and the steps of optimizers in one operation of TensorFlow each; Keras takes five to fifteen."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import tensorflow as tf

from cnncli import keras_internals

_DTYPES = ("float32", "float16", "bfloat16")  # Keras normalizes all of them in float32
_SPATIAL_DIMENSIONS = 2  # of an image: height and width


@contextmanager
def fused(wanted: bool = True) -> Iterator[None]:
    """Within a `with`, what is traced uses fused operations; the results differ in the last bits. Layers and optimizers stay.

    - BatchNormalization that learns. Inference stays as it is, and so does what the operation cannot do: masks, statistics of
      all replicas, batch renormalization, float64 and another axis than the last one.
    - Adam and AdamW without `amsgrad`, and SGD with momentum. Sparse gradients and several replicas stay as they are.

    Args:
        wanted: whether anything changes.
    """
    if not wanted:
        yield
        return
    originals = {(where, name): getattr(where, name) for where, name in _FUSED}
    for (where, name), function in _FUSED.items():
        setattr(where, name, function(originals[where, name]))
    try:
        yield
    finally:
        for (where, name), original in originals.items():
            setattr(where, name, original)


def _normalization(in_keras: Any) -> Any:
    def call(self: Any, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        if training and mask is None and _is_fusible(self):
            return _normalize(self, inputs)
        return in_keras(self, inputs, training=training, mask=mask)

    return call


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
    *spatial, channels = values.shape[1:]
    # The operation takes images. TensorFlow adds a ReLU that follows to the operation if no reshape is between them.
    images = (
        values if len(spatial) == _SPATIAL_DIMENSIONS else tf.reshape(values, (tf.shape(values)[0], -1, 1, channels))
    )
    found = tf.raw_ops.FusedBatchNormV3(
        x=images,
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
    normalized = found.y if images is values else tf.reshape(found.y, tf.shape(values))
    return tf.cast(normalized, layer.compute_dtype)


def _adam(in_keras: Any) -> Any:
    def update_step(self: Any, gradient: Any, variable: Any, learning_rate: Any) -> None:
        if self.amsgrad or not _is_plain(gradient):
            in_keras(self, gradient, variable, learning_rate)
            return

        def number(value: Any) -> Any:
            return tf.cast(value, variable.dtype)

        first, second = keras_internals.moments_of(self, variable)
        step = number(self.iterations + 1)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=first.handle,
            v=second.handle,
            beta1_power=tf.pow(number(self.beta_1), step),
            beta2_power=tf.pow(number(self.beta_2), step),
            lr=number(learning_rate),
            beta1=number(self.beta_1),
            beta2=number(self.beta_2),
            epsilon=number(self.epsilon),
            grad=number(gradient),
        )

    return update_step


def _sgd(in_keras: Any) -> Any:
    def update_step(self: Any, gradient: Any, variable: Any, learning_rate: Any) -> None:
        if not self.momentum or not _is_plain(gradient):
            in_keras(self, gradient, variable, learning_rate)
            return
        [momentum] = keras_internals.moments_of(self, variable)
        tf.raw_ops.ResourceApplyKerasMomentum(
            var=variable.handle,
            accum=momentum.handle,
            lr=tf.cast(learning_rate, variable.dtype),
            grad=tf.cast(gradient, variable.dtype),
            momentum=tf.cast(self.momentum, variable.dtype),
            use_nesterov=self.nesterov,
        )

    return update_step


def _is_plain(gradient: Any) -> bool:
    """Whether a gradient is dense, and of a variable that one replica alone has."""
    return not isinstance(gradient, tf.IndexedSlices) and not tf.distribute.has_strategy()


_FUSED = {
    (keras.layers.BatchNormalization, "call"): _normalization,
    (keras.optimizers.Adam, "update_step"): _adam,
    (keras.optimizers.SGD, "update_step"): _sgd,
}
