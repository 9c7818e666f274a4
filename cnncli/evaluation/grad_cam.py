"""Grad-CAM: where in an image a network sees what speaks for a class."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf


def grad_cam(model: keras.Model, layer_name: str, images: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Compute the heat of a class over each image.

    The maps of a layer, weighted by the mean gradient of the class's score before the softmax and summed, where positive
    (Selvaraju et al., "Grad-CAM", 2017, equations 1 and 2), divided by the image's largest value.

    Args:
        model: images -> (batch, classes).
        layer_name: a layer whose output is (batch, height, width, maps); the last one is usual.
        images: (count, height, width, channels), as the model takes them.
        classes: int (count,), the class whose heat is wanted; of a model with one output 1 is its class and 0 the other.

    Returns:
        float32 (count, map height, map width) in [0, 1]; all 0 where nothing speaks for the class.
    """
    last = model.layers[-1]
    viewer = keras.Model(model.inputs, [model.get_layer(layer_name).output, _score_input(last)])
    inputs = tf.convert_to_tensor(images, tf.float32)
    with tf.GradientTape() as tape:
        # Without it nothing is recorded in a network all of whose layers are frozen.
        tape.watch(inputs)
        maps, before = viewer(inputs, training=False)
        scores = tf.cast(_scores(last, before), tf.float32)
        wanted = _of_class(scores, tf.convert_to_tensor(classes, tf.int32))
    gradients = tf.cast(tape.gradient(wanted, maps), tf.float32)
    weights = tf.reduce_mean(gradients, axis=(1, 2))  # (count, maps)
    heat = tf.nn.relu(tf.einsum("nhwk,nk->nhw", tf.cast(maps, tf.float32), weights)).numpy()
    largest = np.max(heat, axis=(1, 2), keepdims=True)
    scaled: np.ndarray = np.divide(heat, largest, out=np.zeros_like(heat), where=largest > 0)
    return scaled


def last_maps(model: keras.Model) -> str | None:
    """The last layer whose output is (batch, height, width, maps) with more than one place; None when there is none."""
    for layer in reversed(model.layers):
        shape: Any = getattr(layer.output, "shape", ())
        if len(shape) == 4 and (shape[1] or 0) * (shape[2] or 0) > 1 and layer.weights:
            return str(layer.name)
    return None


def _score_input(last: Any) -> Any:
    """What the last layer takes, if its scores can be had without its softmax; else what it gives."""
    return last.input if isinstance(last, keras.layers.Dense) else last.output


def _scores(last: Any, before: Any) -> Any:
    """The scores of the classes before softmax or sigmoid, which would flatten the gradient of a sure answer."""
    if not isinstance(last, keras.layers.Dense):
        return before
    scores = tf.cast(before, tf.float32) @ tf.convert_to_tensor(last.kernel)
    return scores + tf.convert_to_tensor(last.bias) if last.use_bias else scores


def _of_class(scores: tf.Tensor, classes: tf.Tensor) -> tf.Tensor:
    if scores.shape[-1] == 1:
        return scores[:, 0] * tf.cast(2 * classes - 1, scores.dtype)
    return tf.gather(scores, classes, batch_dims=1)
