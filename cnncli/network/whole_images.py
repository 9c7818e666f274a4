"""A network over images that are larger than its input: what it gives for windows of an image, joined."""

from __future__ import annotations

import functools
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from cnncli.recipe.example_windows import Windows


def over_whole_images(model: keras.Model, windows: Windows | None) -> keras.Model:
    """A model whose input and output are whole images.

    Where windows overlap, their outputs are averaged, and count the more the nearer to the middle of their window.

    Args:
        model: windows (batch, *size, channels) -> maps (batch, *size, classes).
        windows: None: the network's input is the whole example.

    Returns:
        Examples (batch, *whole, channels) -> float32 (batch, *whole, classes); the model itself without windows.
    """
    if windows is None:
        return model
    [given] = model.inputs
    network = keras.Model(model.inputs, model.outputs[0])  # without the metrics of a compiled model
    inputs = keras.Input((*windows.whole, given.shape[-1]), dtype=given.dtype, name=given.name)
    return keras.Model(
        inputs, JoinedWindows(network, windows, name="joined")(inputs), name=f"{model.name}_over_windows"
    )


class JoinedWindows(keras.layers.Layer):  # type: ignore[misc]
    """Calls a model on every window of a batch of images, one place after the other, and joins what it gives."""

    def __init__(self, model: keras.Model, windows: Windows, **settings: Any) -> None:
        super().__init__(**settings, dtype="float32", autocast=False)
        self._model = model
        self._size, self._whole, self._starts = tuple(windows.size), windows.whole, windows.starts()
        weights = [np.minimum(np.arange(1, side + 1), np.arange(side, 0, -1)) for side in self._size]
        self._weights = [(each / each.max()).astype(np.float32) for each in weights]

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        return (input_shape[0], *self._whole, self._model.output_shape[-1])

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        places = np.stack(np.meshgrid(*self._starts, indexing="ij"), axis=-1).reshape(-1, len(self._size))
        batch, channels = tf.shape(inputs)[0], inputs.shape[-1]

        def of_window(place: Any) -> Any:
            begin = tf.concat([[0], place, [0]], axis=0)
            window = tf.slice(inputs, begin, tf.stack([batch, *self._size, channels]))
            window.set_shape((inputs.shape[0], *self._size, channels))
            return tf.cast(self._model(window, training=False), tf.float32)

        # One window after the other: all of them at once are many times a batch of the training.
        given = tf.map_fn(
            of_window, tf.constant(places, tf.int32), fn_output_signature=tf.float32, parallel_iterations=1
        )
        count = [len(starts) for starts in self._starts]
        classes = self._model.output_shape[-1]
        joined = tf.reshape(given, [*count, batch, *self._size, classes])
        return self._folded(joined) / self._folded(tf.ones([*count, 1, *self._size, 1]))

    def summed_in_a_loop(self, inputs: Any, training: bool | None = None) -> Any:
        """The same as `call`, without a list of tensors of any size: the sum grows by one window after the other.

        Each window is added to a whole image, so it takes longer.
        """
        places = np.stack(np.meshgrid(*self._starts, indexing="ij"), axis=-1).reshape(-1, len(self._size))
        batch, channels, classes = tf.shape(inputs)[0], inputs.shape[-1], self._model.output_shape[-1]
        weights = functools.reduce(np.multiply.outer, self._weights)
        shares = np.zeros(self._whole, np.float32)
        for place in places:
            shares[tuple(slice(start, start + side) for start, side in zip(place, self._size, strict=True))] += weights
        starts = tf.constant(places, tf.int32)

        def add_window(number: Any, total: Any) -> tuple[Any, Any]:
            before = starts[number]
            window = tf.slice(inputs, tf.concat([[0], before, [0]], 0), tf.stack([batch, *self._size, channels]))
            window.set_shape((inputs.shape[0], *self._size, channels))
            values = tf.cast(self._model(window, training=False), tf.float32) * weights[..., None]
            sides = tf.stack([before, tf.constant(self._whole) - self._size - before], axis=1)
            none = tf.zeros((1, 2), tf.int32)
            return number + 1, tf.ensure_shape(total + tf.pad(values, tf.concat([none, sides, none], 0)), total.shape)

        total = tf.zeros(tf.stack([batch, *self._whole, classes]))
        total.set_shape((inputs.shape[0], *self._whole, classes))
        _, total = tf.while_loop(lambda number, _: number < len(places), add_window, (tf.constant(0), total))
        return total / shares[..., None]

    def _folded(self, values: Any) -> Any:
        """The weighted sum of windows (*places, batch, *size, classes) where they lie: (batch, *whole, classes)."""
        for axis in reversed(range(len(self._size))):  # the last of the places first
            own = 2 * axis + 1  # its side, behind the places of the sides before it, the batch and these sides
            weights = tf.reshape(tf.constant(self._weights[axis]), [-1, *[1] * (len(self._size) - axis)])
            parts = []
            for number, start in enumerate(self._starts[axis]):
                part = tf.gather(values, number, axis=axis) * weights
                behind = self._whole[axis] - start - self._size[axis]
                padding = [[0, 0]] * len(part.shape)
                padding[own] = [start, behind]
                parts.append(tf.pad(part, padding))
            values = tf.add_n(parts)
        return values
