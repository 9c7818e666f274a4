"""Class scores before softmax or sigmoid, for gradients."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from cnncli import keras_internals
from cnncli.data.input_values import InputValues, count, rows
from cnncli.network.model_inputs import part_of

_SQUASHING = ("softmax", "sigmoid")


@dataclass(frozen=True)
class Head:
    """The end of a network that classifies.

    Attributes:
        tensor: what the scores are computed from, as Keras' symbol for it.
        scores: what that tensor is -> float32 (batch, classes); of one output, how much it speaks for class 1.
    """

    tensor: Any
    scores: Callable[[Any], Any]


def head_of(model: keras.Model) -> Head:
    """The scores of a model's classes without its last softmax or sigmoid, whose gradient vanishes where an answer is sure.

    Of a model that ends with a map of objects for each class (several, with sigmoid) those of
    the places with the largest scores; of other maps the scores of every place.
    """
    output = model.outputs[0]
    # A layer that was called more than once, as in an opened model, has other inputs in each of its calls.
    origin = keras_internals.origin_of(output)
    last = origin.operation
    if isinstance(last, keras.Model):  # as the model of a file may end, which nobody has opened
        return Head(output, lambda given: tf.cast(given, tf.float32))
    [before_it, *_] = keras_internals.inputs_of_call(origin)
    if isinstance(last, keras.layers.Dense):
        return Head(before_it, lambda before: _dense(last, before))
    if isinstance(last, keras.layers.Conv1D | keras.layers.Conv2D | keras.layers.Conv3D):
        maps_of_objects = last.filters > 1 and getattr(last.activation, "__name__", "") == "sigmoid"
        return Head(
            before_it, lambda before: (_best_places if maps_of_objects else _as_they_are)(_convolved(last, before))
        )
    activation = getattr(getattr(last, "activation", None), "__name__", "")
    if isinstance(last, keras.layers.Softmax) or (
        isinstance(last, keras.layers.Activation) and activation in _SQUASHING
    ):
        return Head(before_it, lambda before: tf.cast(before, tf.float32))
    return Head(output, lambda given: tf.cast(given, tf.float32))


def _dense(layer: Any, before: Any) -> Any:
    scores = tf.cast(before, tf.float32) @ tf.cast(tf.convert_to_tensor(layer.kernel), tf.float32)
    return scores + tf.cast(tf.convert_to_tensor(layer.bias), tf.float32) if layer.use_bias else scores


def _convolved(layer: Any, before: Any) -> Any:
    """Maps without the activation: float32 (batch, *places, classes)."""
    kernel = tf.cast(tf.convert_to_tensor(layer.kernel), tf.float32)
    maps = layer.convolution_op(tf.cast(before, tf.float32), kernel)
    return maps + tf.cast(tf.convert_to_tensor(layer.bias), tf.float32) if layer.use_bias else maps


def _as_they_are(maps: Any) -> Any:
    return maps


def _best_places(maps: Any) -> Any:
    """Of maps the largest score of each class, softened so that all places of objects count: (batch, classes)."""
    places = list(range(1, maps.shape.rank - 1))
    return tf.reduce_logsumexp(maps, axis=places)


def of_class(scores: Any, classes: Any) -> Any:
    """The score of one class an example.

    Args:
        scores: (batch, classes), or (batch, 1): then 1 is its class and 0 the other, with the opposite score. Of maps
            (batch, *places, classes) the mean over the places that are predicted as the class, or over all where none is
            (Seg-Grad-CAM, Vinogradova et al., 2020).
        classes: int (batch,).

    Returns:
        (batch,).
    """
    classes = tf.convert_to_tensor(classes, tf.int32)
    if scores.shape.rank > 2:
        return _of_places(scores, classes)
    if scores.shape[-1] == 1:
        return scores[:, 0] * tf.cast(2 * classes - 1, scores.dtype)
    return tf.gather(scores, classes, batch_dims=1)


def _of_places(scores: Any, classes: Any) -> Any:
    """The mean score of a class over the places that are predicted as it: (batch,)."""
    count = scores.shape[-1]
    rows = tf.reshape(scores, [tf.shape(scores)[0], -1, count])  # (batch, places, classes)
    if count == 1:
        rows = tf.concat([-rows, rows], axis=-1)
    own = tf.gather(rows, classes, axis=2, batch_dims=1)  # (batch, places)
    is_said = tf.cast(tf.equal(tf.argmax(rows, axis=-1, output_type=tf.int32), classes[:, None]), own.dtype)
    weights = tf.where(tf.reduce_any(is_said > 0, axis=1, keepdims=True), is_said, tf.ones_like(is_said))
    return tf.reduce_sum(own * weights, axis=1) / tf.reduce_sum(weights, axis=1)


def log_odds(scores: Any, classes: Any) -> Any:
    """The logarithm of p / (1 - p), p being the probability of one class an example; still told apart where p is 1.

    Args:
        scores: (batch, classes), or (batch, 1).
        classes: int (batch,).

    Returns:
        (batch,).
    """
    score = of_class(scores, classes)
    if scores.shape[-1] == 1 or scores.shape.rank > 2:
        return score
    is_class = tf.one_hot(tf.convert_to_tensor(classes, tf.int32), scores.shape[-1], on_value=True, off_value=False)
    others = tf.where(is_class, tf.fill(tf.shape(scores), scores.dtype.min), scores)
    return score - tf.reduce_logsumexp(others, axis=-1)


def probabilities(model: keras.Model, images: InputValues, *, batch_size: int = 32) -> np.ndarray:
    """What a model thinks of images.

    Args:
        images: (count, *input shape), as the model takes them; of several inputs by name.

    Returns:
        float32 (count, classes), of which each row sums to 1; of a model with one output (count, 2).
    """
    head = head_of(model)
    until = part_of(model, head.tensor)
    batches = in_batches(images, batch_size)
    scores = np.concatenate([head.scores(until(as_input(batch), training=False)).numpy() for batch in batches])
    if scores.shape[-1] == 1:
        return of_both_classes((1 / (1 + np.exp(-scores.astype(np.float64)))).astype(np.float32))
    if scores.min() >= 0 and np.allclose(scores.sum(axis=-1), 1, atol=1e-3):
        return scores.astype(np.float32)  # a last layer that is not known gave them so
    shifted = np.exp(scores - scores.max(axis=-1, keepdims=True))
    share: np.ndarray = shifted / shifted.sum(axis=-1, keepdims=True)
    return share.astype(np.float32)


def outputs_of(model: keras.Model, images: InputValues, *, batch_size: int = 32) -> np.ndarray:
    """The numbers that a model gives of images (count, *input shape): float32 (count, k)."""
    batches = in_batches(images, batch_size)
    given = [np.asarray(model(as_input(batch), training=False), np.float32) for batch in batches]
    return np.concatenate(given)


def of_both_classes(outputs: np.ndarray) -> np.ndarray:
    """Probabilities (count, 1) of class 1 as (count, 2); any others as they are."""
    return np.concatenate([1 - outputs, outputs], axis=-1) if outputs.shape[-1] == 1 else outputs


def in_batches(images: InputValues, size: int) -> Iterator[InputValues]:
    """Examples, so many at a time."""
    for start in range(0, count(images), size):
        yield rows(images, slice(start, start + size))


def with_others(images: InputValues, number: int, copies: int, name: str, changed: Any) -> Any:
    """Copies of an example of which one input is changed.

    Args:
        images: (count, *input shape), of several inputs by name.
        number: of the example.
        name: of the input that is changed.
        changed: (copies, *its shape).
    """
    if not isinstance(images, dict):
        return changed
    others = {key: np.repeat(values[number][None], copies, axis=0) for key, values in images.items()}
    return {**as_input(others), name: changed}


def as_input(images: Any) -> Any:
    """Examples as a float32 tensor, which a gradient can be taken by; texts as they are; of several inputs by name."""
    if isinstance(images, dict):
        return {name: as_input(values) for name, values in images.items()}
    if not isinstance(images, np.ndarray):
        return images
    return tf.convert_to_tensor(images, tf.string if images.dtype == object else tf.float32)
