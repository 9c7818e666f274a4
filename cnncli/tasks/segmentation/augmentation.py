"""Joint augmentation of images and masks: layers of `augment` that move pixels get both, the others the images alone."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from cnncli.network.build import Network
from cnncli.network.model_outputs import alone, by_name
from cnncli.recipe.targets.segmentation import MOVING
from cnncli.training.augmentation import Augment


def augment(network: Network) -> Augment:
    """Move the masks of a batch, and the weights of their pixels, as its images are moved.

    Keras moves masks by the nearest pixel and writes 0 where they come from outside of the image: so does it into the
    weights, and these pixels do not count in the loss.
    """
    assert network.augmentation is not None
    layers = [layer for layer in network.augmentation.layers if not isinstance(layer, keras.layers.InputLayer)]

    def augmented(inputs: Any, targets: Any, weights: Any) -> tuple[Any, Any, Any]:
        images, named = tf.cast(inputs, tf.float32), by_name(targets)
        own = by_name(weights)
        maps = [_as_map(values) for name in named for values in (named[name], own[name])]
        moving = tf.concat(maps, axis=-1)  # (batch, height, width, channels of all targets and weights)
        for layer in layers:
            if type(layer).__name__ in MOVING:
                moved = layer({"images": images, "segmentation_masks": moving}, training=True)
                images, moving = moved["images"], moved["segmentation_masks"]
            else:
                images = layer(images, training=True)
        parts = iter(tf.split(moving, [values.shape[-1] for values in maps], axis=-1))
        for name in named:
            named[name], own[name] = _as_before(next(parts), named[name]), _as_before(next(parts), own[name])
        return images, alone(named), alone(own)

    return augmented


def _as_map(values: Any) -> Any:
    """Class numbers and weights (batch, height, width) with a channel; one-hot vectors have some."""
    floats = tf.cast(values, tf.float32)
    return floats if floats.shape.rank == 4 else floats[..., tf.newaxis]


def _as_before(moved: Any, before: Any) -> Any:
    values = moved if before.shape.rank == 4 else moved[..., 0]
    return tf.cast(tf.round(values) if before.dtype.is_integer else values, before.dtype)
