"""What the operations of a training step take when each runs alone, and other ways to compute them.

    python -m benchmarks.kernels
    CNNCLI_ONEDNN=0 python -m benchmarks.kernels

Run from the top of the repository. The shapes are those of the MNIST baseline on 128 images of 32x32x3 and of the stages of
ResNet-20. Times are medians of 40 calls, with the fastest in brackets; TensorFlow is imported as cnncli does it.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

from cnncli.runs import onednn

onednn.choose()

import keras  # noqa: E402 (after the choice)
import tensorflow as tf  # noqa: E402

from cnncli.training import fused_operations  # noqa: E402

CALLS, WARM_UP = 40, 5
STRIDES = [1, 1, 1, 1]


def milliseconds(compute: Callable[..., Any], *arguments: tf.Tensor) -> str:
    """Median and fastest time of a call, traced before."""
    traced, taken = tf.function(compute), []
    for call in range(WARM_UP + CALLS):
        started = time.perf_counter()
        tf.nest.flatten(traced(*arguments))[0].numpy()
        if call >= WARM_UP:
            taken.append(1e3 * (time.perf_counter() - started))
    return f"{statistics.median(taken):5.1f} ({min(taken):.1f}) ms"


def convolution(count: int, side: int, channels: int, filters: int, kernel: int = 3) -> None:
    """A convolution without padding of (count, side, side, channels), and its gradients."""
    out = side - kernel + 1
    images = tf.random.normal((count, side, side, channels))
    weights = tf.random.normal((kernel, kernel, channels, filters))
    gradient = tf.random.normal((count, out, out, filters))
    rows = {"strides": STRIDES, "padding": "VALID"}

    def forward(images: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        return tf.reduce_sum(tf.nn.conv2d(images, weights, **rows)[0, 0])

    def of_weights(images: tf.Tensor, gradient: tf.Tensor) -> tf.Tensor:
        return tf.raw_ops.Conv2DBackpropFilter(input=images, filter_sizes=weights.shape, out_backprop=gradient, **rows)

    def of_input(weights: tf.Tensor, gradient: tf.Tensor) -> tf.Tensor:
        found = tf.raw_ops.Conv2DBackpropInput(input_sizes=images.shape, filter=weights, out_backprop=gradient, **rows)
        return tf.reduce_sum(found[0, 0])

    def as_products(images: tf.Tensor, gradient: tf.Tensor) -> tf.Tensor:
        flat = tf.reshape(gradient, (-1, filters))
        shifts = [(y, x) for y in range(kernel) for x in range(kernel)]
        shifted = [tf.reshape(images[:, y : y + out, x : x + out], (-1, channels)) for y, x in shifts]
        return tf.concat([tf.matmul(each, flat, transpose_a=True) for each in shifted], 0)

    print(f"convolution {kernel}x{kernel}, {channels} to {filters} channels, {count} images of {side}x{side}")
    print(f"  forward                          {milliseconds(forward, images, weights)}")
    print(f"  gradient of the weights          {milliseconds(of_weights, images, gradient)}")
    print(f"  the same as products of matrices {milliseconds(as_products, images, gradient)}")
    print(f"  gradient of the input            {milliseconds(of_input, weights, gradient)}")


def pooling(count: int, side: int, channels: int) -> None:
    """Maximum pooling of 2x2, and its gradient."""
    images = tf.random.normal((count, side, side, channels))

    def forward(images: tf.Tensor) -> tf.Tensor:
        return tf.reduce_sum(tf.nn.max_pool2d(images, 2, 2, "VALID")[0, 0])

    def both(images: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(images)
            pooled = tf.nn.max_pool2d(images, 2, 2, "VALID")
        return tf.reduce_sum(tape.gradient(pooled, images)[0, 0])

    print(f"maximum pooling, {count} images of {side}x{side}x{channels}")
    print(f"  forward                          {milliseconds(forward, images)}")
    print(f"  with its gradient                {milliseconds(both, images)}")


def batch_normalization(*shape: int) -> None:
    """Batch normalization and its gradients: as Keras computes it, and in one operation of TensorFlow."""
    images, layer = tf.random.normal(shape), keras.layers.BatchNormalization()
    layer.build(shape)

    def compute(images: tf.Tensor) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(images)
            loss = tf.reduce_sum(layer(images, training=True) ** 2)
        found = tape.gradient(loss, [images, layer.gamma.value, layer.beta.value])
        return tf.reduce_sum(found[0][0, 0]), found[1:]

    print(f"batch normalization with its gradients, {'x'.join(map(str, shape))}")
    both_ways(compute, images)


def optimizer(made: keras.Optimizer, count: int) -> None:
    """A step of an optimizer: as Keras computes it, and in one operation of TensorFlow."""
    weights = keras.Variable(tf.random.normal((count,)))
    made.build([weights])

    def compute(gradients: tf.Tensor) -> Any:
        made.apply([gradients])
        return made.iterations.value

    print(f"a step of {made.name} on {count:,} weights")
    both_ways(compute, tf.random.normal((count,)))


def both_ways(compute: Callable[..., Any], values: tf.Tensor) -> None:
    """Print what a function takes in Keras' operations and in fused ones."""
    print(f"  as Keras computes it             {milliseconds(lambda given: compute(given), values)}")
    with fused_operations.fused():
        print(f"  in one operation of TensorFlow   {milliseconds(lambda given: compute(given), values)}")


def main() -> None:
    convolution(128, 32, 3, 32)
    convolution(128, 15, 32, 64)
    pooling(128, 30, 32)
    pooling(128, 13, 64)
    for side, channels in ((32, 16), (16, 32), (8, 64)):
        batch_normalization(128, side, side, channels)
    for made in (keras.optimizers.Adam(), keras.optimizers.SGD(momentum=0.9)):
        optimizer(made, 10_000_000)


if __name__ == "__main__":
    main()
