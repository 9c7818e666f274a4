"""SmoothGrad: the gradient of a class score by pixel, averaged over noise."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from cnncli.data.input_values import InputValues
from cnncli.interpretability.class_scores import as_input, head_of, of_class, with_others
from cnncli.network.flatten_submodels import Opened

_BRIGHTEST = 99  # percentile that becomes 1, as in the paper, section 3.2.1: a few pixels would hide all others


def smoothgrad(
    network: Opened,
    images: InputValues,
    classes: np.ndarray,
    *,
    copies: int = 16,
    noise: float = 0.15,
    seed: int = 0,
) -> np.ndarray:
    """Compute how much each pixel moves the score of a class.

    The gradient of the score before the softmax by the input, averaged over noisy copies of each example (Smilkov et al.,
    "SmoothGrad: removing noise by adding noise", 2017); its absolute value, summed over the channels.

    Args:
        network: examples -> (batch, classes).
        images: (count, *input shape), as the model takes them; of several inputs by name, of which the one that
            pictures are about moves.
        classes: int (count,), the class whose score is meant.
        copies: how many noisy ones are averaged.
        noise: its standard deviation as a share of each example's range; the paper finds 0.1 to 0.2 best.
        seed: of the noise.

    Returns:
        float32 (count, *places) in [0, 1].
    """
    head = head_of(network.model)
    until = network.until(head.tensor)
    random = np.random.default_rng(seed)
    maps = []
    own = np.asarray(images[network.about] if isinstance(images, dict) else images, np.float32)
    for number, (image, label) in enumerate(zip(own, classes, strict=True)):
        spread = noise * float(image.max() - image.min())
        noisy = as_input(image + random.normal(0, spread, (copies, *image.shape)).astype(np.float32))
        with tf.GradientTape() as tape:
            tape.watch(noisy)
            given = with_others(images, number, copies, network.about, noisy)
            score = of_class(head.scores(until(given, training=False)), np.full(copies, label))
        gradient = tf.reduce_mean(tf.cast(tape.gradient(score, noisy), tf.float32), axis=0)
        maps.append(_capped(np.abs(gradient.numpy()).sum(axis=-1)))
    return np.stack(maps)


def _capped(values: np.ndarray) -> np.ndarray:
    brightest = float(np.percentile(values, _BRIGHTEST)) or float(values.max())
    return np.clip(values / (brightest or 1.0), 0, 1).astype(np.float32)
